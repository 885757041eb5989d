package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

// configCmd prints the example configuration.
type configCmd struct{}

// Run prints a complete configuration with comments.
func (*configCmd) Run(g *globals) error {
	_, err := fmt.Fprint(g.stdout, bus.Example)
	return err
}

// checkConfigCmd checks a configuration file.
type checkConfigCmd struct {
	File string `arg:"" optional:"" help:"The file (default: --config)."`
}

// Run prints every problem with its line, and what a bus would warn of; a file without
// problems is a success.
func (c *checkConfigCmd) Run(g *globals) error {
	if c.File != "" {
		g.Config = c.File
	}
	if g.Config == "" {
		return usagef("there is no file to check: name one, as in ircbus check-config ircbus.toml")
	}
	config, err := loadConfig(g)
	problems, err := problemsOf(g, config, err)
	if err != nil {
		return err
	}
	problems = merge(problems, config.Review(time.Now()))
	bus.Locate(g.Config, problems)
	bad := slices.DeleteFunc(slices.Clone(problems), func(p *bus.Problem) bool { return p.Warning })
	if g.JSON {
		err = c.printJSON(g, problems)
	} else {
		for _, p := range problems {
			fmt.Fprintf(g.stderr, "%s: %v\n", g.Config, p)
		}
	}
	switch {
	case err != nil:
		return err
	case len(bad) > 0:
		return usagef("%s cannot be used (mistakes: %d)", g.Config, len(bad))
	case g.JSON:
		return nil
	case len(problems) > 0:
		_, err = fmt.Fprintf(g.stdout, "%s is good (warnings: %d)\n", g.Config, len(problems))
	default:
		_, err = fmt.Fprintf(g.stdout, "%s is good\n", g.Config)
	}
	return err
}

// problemsOf is all that is wrong with a configuration: what loading it has said, and
// what it makes no sense of. err is any other error.
func problemsOf(g *globals, config bus.Config, loading error) (problems []*bus.Problem, err error) {
	if file := (*bus.FileError)(nil); errors.As(loading, &file) {
		problems = file.Problems
	} else if loading != nil {
		return nil, loading
	}
	return merge(problems, config.Check()), nil
}

// merge adds the problems of keys that have none yet.
func merge(problems, more []*bus.Problem) []*bus.Problem {
	for _, p := range more {
		if !slices.ContainsFunc(problems, func(known *bus.Problem) bool { return slices.Equal(known.Key, p.Key) && known.Line > 0 }) {
			problems = append(problems, p)
		}
	}
	return problems
}

// printJSON prints every problem as an element of a list.
func (c *checkConfigCmd) printJSON(g *globals, problems []*bus.Problem) error {
	type problem struct {
		Line    int    `json:"line,omitempty"`
		Key     string `json:"key"`
		Reason  string `json:"reason"`
		Warning bool   `json:"warning,omitempty"`
	}
	list := make([]problem, len(problems))
	for i, p := range problems {
		list[i] = problem{p.Line, strings.Join(p.Key, "."), p.Reason, p.Warning}
	}
	return json.NewEncoder(g.stdout).Encode(list)
}

// loadConfig reads the configuration file, if there is one, and puts the data
// directory of the flag or the environment over it. With a FileError the rest of the
// configuration is there.
//
// The directory of a file is relative to the current one, as it always was, but if
// there is none, and one beside the file, it is that: a bus is found from everywhere
// by its configuration.
func loadConfig(g *globals) (config bus.Config, failure error) {
	config = bus.Default()
	if g.Config != "" {
		var err error
		if config, err = bus.Load(g.Config); errors.As(err, new(*bus.FileError)) {
			failure = err
		} else if err != nil {
			return config, usageError(err.Error())
		}
	}
	beside := filepath.Join(filepath.Dir(g.Config), config.Data)
	switch {
	case g.Data != "":
		config.Data = g.Data
	case g.Config != "" && !filepath.IsAbs(config.Data) && !exists(config.Data) && exists(beside):
		config.Data = beside
	}
	config.Version = version()
	if g.logFormat == "" {
		g.log = newLogger(g.stderr, config.LogFormat)
	}
	config.Log = g.log
	return config, failure
}

// checkConfig refuses a configuration that makes no sense with everything that is
// wrong: loading is what reading the file has said, flags are those that serve has,
// by key. It names the file's line where the file, and not a flag, is to blame.
func checkConfig(g *globals, config bus.Config, loading error, flags map[string]string) error {
	problems, err := problemsOf(g, config, loading)
	if err != nil || len(problems) == 0 {
		return err
	}
	for _, p := range problems {
		if flag := flags[strings.Join(p.Key, ".")]; flag != "" && !blameFile(g.Config, p) {
			p.Key, p.Elsewhere = []string{flag}, true
		}
		p.Elsewhere = p.Elsewhere || g.Config == ""
	}
	bus.Locate(g.Config, problems)
	return &bus.FileError{Path: g.Config, Problems: problems}
}

// blameFile reports whether the file alone would have the problem, too.
func blameFile(path string, problem *bus.Problem) bool {
	if path == "" {
		return false
	}
	config, _ := bus.Load(path) // its errors are not about this one
	return slices.ContainsFunc(config.Check(), func(p *bus.Problem) bool {
		return slices.Equal(p.Key, problem.Key) && p.Reason == problem.Reason
	})
}

// useData finds the data directory, and what else commands must know that use
// it without a bus.
func useData(g *globals) error {
	config, err := loadConfig(g)
	if err != nil {
		return err
	}
	if info, err := os.Stat(config.Data); err == nil && !info.IsDir() {
		return usagef("%s is not a directory: choose another with --data", config.Data)
	}
	g.mayMake = g.Data != "" || filepath.IsAbs(config.Data)
	g.minPassword = config.Registration.MinPassword
	if g.Data, err = filepath.Abs(config.Data); err != nil {
		return fmt.Errorf("the data directory %s cannot be found: %w", config.Data, err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
