package vcs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// program is a version control's own command, which is asked for what its hook
// is not told.
type program struct {
	ctx  context.Context
	name string
}

// places are where it is looked for if PATH does not tell: Subversion gives its
// hooks no environment at all.
var places = [...]string{"/usr/bin/", "/usr/local/bin/", "/opt/local/bin/", "/bin/"}

// path finds the program.
func (p program) path() (string, error) {
	path, err := exec.LookPath(p.name)
	for _, place := range places {
		if err == nil {
			break
		}
		path, err = exec.LookPath(place + p.name)
	}
	if err != nil {
		return "", fmt.Errorf("the program %s is neither in PATH nor in %s", p.name, strings.Join(places[:], ", "))
	}
	return path, nil
}

// output runs the program and returns what it writes. UTF-8 is asked for in
// every program's way.
func (p program) output(input []byte, args ...string) ([]byte, error) {
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(p.ctx, path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HGPLAIN=1", "HGENCODING=UTF-8")
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return nil, fmt.Errorf("%s %s: %s", p.name, args[0], bytes.TrimSpace(exit.Stderr))
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", p.name, args[0], err)
	}
	return out, nil
}

// line is output's first line.
func (p program) line(args ...string) (string, error) {
	out, err := p.output(nil, args...)
	first, _, _ := strings.Cut(string(out), "\n")
	return first, err
}

// lines is what a program reads from its standard input.
func lines(words []string) []byte { return []byte(strings.Join(words, "\n") + "\n") }
