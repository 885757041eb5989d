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
	platform := runtime.GOOS + "/" + runtime.GOARCH
	if g.JSON {
		return json.NewEncoder(g.stdout).Encode(struct {
			Version  string `json:"version"`
			Go       string `json:"go"`
			Platform string `json:"platform"`
		}{version(), runtime.Version(), platform})
	}
	_, err := fmt.Fprintf(g.stdout, "ircbus %s %s %s\n", version(), runtime.Version(), platform)
	return err
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
