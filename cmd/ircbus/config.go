package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// Run prints every problem with its line; none is success.
func (c *checkConfigCmd) Run(g *globals) error {
	if c.File != "" {
		g.Config = c.File
	}
	if g.Config == "" {
		return usagef("there is no file to check: name one, as in ircbus check-config ircbus.toml")
	}
	config, err := bus.Load(g.Config)
	problems := config.Check()
	if file := (*bus.FileError)(nil); errors.As(err, &file) {
		problems = file.Problems
	} else if err != nil {
		return usageError(err.Error())
	} else {
		bus.Locate(g.Config, problems)
	}
	if g.JSON {
		return c.printJSON(g, problems)
	}
	if len(problems) == 0 {
		_, err := fmt.Fprintf(g.stdout, "%s is good\n", g.Config)
		return err
	}
	for _, p := range problems[:len(problems)-1] {
		fmt.Fprintf(g.stderr, "%s: %v\n", g.Config, p)
	}
	return usagef("%s: %v", g.Config, problems[len(problems)-1])
}

// printJSON prints every problem as an element of a list.
func (c *checkConfigCmd) printJSON(g *globals, problems []*bus.Problem) error {
	type problem struct {
		Line   int    `json:"line,omitempty"`
		Key    string `json:"key"`
		Reason string `json:"reason"`
	}
	list := make([]problem, len(problems))
	for i, p := range problems {
		list[i] = problem{p.Line, strings.Join(p.Key, "."), p.Reason}
	}
	if err := json.NewEncoder(g.stdout).Encode(list); err != nil {
		return err
	}
	if len(problems) > 0 {
		return usagef("%s: %v", g.Config, problems[0])
	}
	return nil
}

// loadConfig reads the configuration file, if there is one, and puts the data
// directory of the flag or the environment over it.
//
// The directory of a file is relative to the current one, as it always was, but if
// there is none, and one beside the file, it is that: a bus is found from everywhere
// by its configuration.
func loadConfig(g *globals) (bus.Config, error) {
	config := bus.Default()
	if g.Config != "" {
		var err error
		if config, err = bus.Load(g.Config); err != nil {
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
	return config, nil
}

// checkConfig refuses a configuration that makes no sense, naming the file's
// line where the file, and not a flag, is to blame.
func checkConfig(g *globals, config bus.Config) error {
	problems := config.Check()
	if len(problems) == 0 {
		return nil
	}
	if g.Config == "" || !blameFile(g.Config, problems[0]) {
		return usageError(problems[0].Error())
	}
	bus.Locate(g.Config, problems)
	err := &bus.FileError{Path: g.Config, Problems: problems}
	return usageError(err.Error())
}

// blameFile reports whether the file alone would have the problem, too.
func blameFile(path string, problem *bus.Problem) bool {
	config, err := bus.Load(path)
	return err == nil && slices.ContainsFunc(config.Check(), func(p *bus.Problem) bool {
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
