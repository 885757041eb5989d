package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// snippetImports are the packages of which documented Go may speak.
var snippetImports = map[string]string{
	"context": "context", "tls": "crypto/tls", "fmt": "fmt", "log": "log", "os": "os", "errors": "errors", "time": "time",
	"ircbus":     "github.com/ircbus/ircbus",
	"publisher":  "github.com/ircbus/ircbus/publisher",
	"subscriber": "github.com/ircbus/ircbus/subscriber",
}

// TestCaseE6: the Go in the documentation and in doc comments compiles, and go vet
// has nothing against it in a module of a user.
func TestCaseE6(t *testing.T) {
	dir := t.TempDir()
	for name, text := range userModule(t) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for _, block := range documentedBlocks(t) {
		if !strings.Contains(block.text, ":= ") {
			continue
		}
		source, err := snippetSource(block.text)
		if err != nil {
			t.Errorf("%s: %v\n%s", block.file, err, block.text)
			continue
		}
		found++
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("snippet%d.go", found)), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found < 3 {
		t.Fatalf("%d snippets were found", found)
	}
	vet := exec.Command("go", "vet", "./...")
	vet.Dir = dir
	vet.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// userModule is the module of a program that uses this one.
func userModule(t *testing.T) map[string]string {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	const path = "github.com/ircbus/ircbus"
	files["go.mod"] = strings.Replace(files["go.mod"], "module "+path, "module example.org/user", 1) +
		"\nrequire " + path + " v0.0.0\nreplace " + path + " => " + root + "\n"
	return files
}

// documentedBlock is a block of code in a document or a doc comment.
type documentedBlock struct{ file, text string }

var (
	documentBlock = regexp.MustCompile(`(?m)(?:^(?:    |\t).*\n|^\n(?:    |\t).*\n)+`)
	commentBlock  = regexp.MustCompile(`(?m)(?:^//\t.*\n|^//\n//\t.*\n)+`)
	blockIndent   = regexp.MustCompile(`(?m)^(?://\t|    |\t|//$)`)
)

func documentedBlocks(t *testing.T) (blocks []documentedBlock) {
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." {
			return filepath.SkipDir
		}
		pattern := map[string]*regexp.Regexp{".md": documentBlock, ".go": commentBlock}[filepath.Ext(path)]
		if pattern == nil || entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, block := range pattern.FindAllString(string(text), -1) {
			blocks = append(blocks, documentedBlock{path, blockIndent.ReplaceAllString(block, "")})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// snippetSource makes a file of statements: with imports, with the variables that
// documents take for granted, and with every variable used.
func snippetSource(text string) (string, error) {
	body := "func _(ctx context.Context, handler subscriber.Handler, index interface{ Update(page string) error }, token, password string) {\n" + text
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+body+"}\n", 0)
	if err != nil {
		return "", err
	}
	packages := []string{"context", "subscriber"}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && snippetImports[id.Name] != "" {
				packages = append(packages, id.Name)
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if id, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE && id.Name != "_" {
					names = append(names, id.Name)
				}
			}
		}
		return true
	})
	slices.Sort(packages)
	slices.Sort(names)
	source := "package snippets\n"
	for _, name := range slices.Compact(packages) {
		source += fmt.Sprintf("import %q\n", snippetImports[name])
	}
	source += body
	for _, name := range slices.Compact(names) {
		source += "_ = " + name + "\n"
	}
	return source + "}\n", nil
}
