package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCmd prints what was built from what.
type versionCmd struct{}

// Run prints the version on one line.
func (*versionCmd) Run(g *globals) error {
	if g.JSON {
		return json.NewEncoder(g.stdout).Encode(struct {
			Version  string `json:"version"`
			Go       string `json:"go"`
			Platform string `json:"platform"`
		}{version(), runtime.Version(), platform()})
	}
	_, err := fmt.Fprintln(g.stdout, versionLine())
	return err
}

func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// versionLine is the version for people.
func versionLine() string {
	return fmt.Sprintf("ircbus %s %s %s", version(), runtime.Version(), platform())
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}
