package main

import (
	"encoding/json"
	"fmt"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

// checkCmd reads a whole data directory and says what is wrong in it.
type checkCmd struct{}

// Run prints what there is; a damaged directory is a failure.
func (*checkCmd) Run(g *globals) error {
	report, err := bus.CheckData(g.ctx, g.Data)
	if err != nil {
		return err
	}
	if g.JSON {
		err = json.NewEncoder(g.stdout).Encode(struct {
			Events   int64     `json:"events"`
			Oldest   ircbus.ID `json:"oldest"`
			Head     ircbus.ID `json:"head"`
			Problems []string  `json:"problems"`
		}{report.Events, report.Oldest, report.Head, append([]string{}, report.Problems...)})
	} else {
		_, err = fmt.Fprintf(g.stdout, "%s: %d events, ids %d to %d, %d problems\n",
			g.Data, report.Events, report.Oldest, report.Head, len(report.Problems))
	}
	if err != nil || len(report.Problems) == 0 {
		return err
	}
	for _, problem := range report.Problems[1:] {
		fmt.Fprintf(g.stderr, "ircbus: %s\n", problem)
	}
	return fmt.Errorf("the data directory is damaged: %s", report.Problems[0])
}
