package bus

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/api"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/forge"
)

// Forge configures the door for webhooks of GitHub, Gitea, Forgejo, Gogs,
// GitLab and Bitbucket.
type Forge struct {
	SecretsFile  string `toml:"secrets_file"` // the secret of each publisher's webhooks; "" = closed
	Confidential bool   `toml:"confidential"` // take what GitLab calls confidential, too
}

func (f *Forge) check(found *checker) {
	_, err := f.secrets()
	found.add(err, "forge", "secrets_file")
}

// secrets opens the file; nil if the door is closed.
func (f *Forge) secrets() (*door.Secrets, error) {
	if f.SecretsFile == "" {
		return nil, nil
	}
	secrets, err := door.OpenSecrets(f.SecretsFile)
	if err != nil {
		return nil, err
	}
	names, err := secrets.Names()
	for _, name := range names {
		if wrong := ircbus.CheckName(name); wrong != nil {
			err = errors.Join(err, fmt.Errorf("the file of secrets %s: %w", f.SecretsFile, wrong))
		}
	}
	return secrets, err
}

// names are the publishers that have a secret: the door makes them with their first
// delivery.
func (f *Forge) names() []string {
	secrets, err := f.secrets()
	if secrets == nil || err != nil {
		return nil // which check refuses
	}
	names, err := secrets.Names()
	if err != nil {
		return nil
	}
	return names
}

func (f *Forge) open(_ context.Context, in *door.Inlet) (*opened, error) {
	secrets, err := f.secrets()
	if secrets == nil || err != nil {
		return nil, err
	}
	const path = "/doors/forge/{publisher}"
	return &opened{
		listens: []string{"http " + path},
		routes: []api.Door{{
			Methods: []string{http.MethodPost}, Pattern: path, MaxPost: forge.MaxBody, Serve: forge.New(in, secrets.Behind(in), f.Confidential).Serve,
		}},
	}, nil
}
