package mapping

import "strings"

// States of builds, checks, deployments and statuses: the vocabulary of the field
// "state" (docs/protocol.md, "Keys").
const (
	Success   = "success"
	Failed    = "failed"
	Cancelled = "cancelled"
	Skipped   = "skipped"
	Running   = "running"
	Pending   = "pending"
)

var states = func() map[string]string {
	table := make(map[string]string)
	for state, words := range map[string]string{
		Success:   "success successful succeeded succeed passed pass fixed ok built green stable healthy",
		Failed:    "failed failure fail error errored failing broken unstable timed_out timedout timeout startup_failure red warning unhealthy exception",
		Cancelled: "cancelled canceled canceling cancelling aborted stopped stale killed inactive superseded",
		Skipped:   "skipped neutral not_built notbuilt ignored",
		Running:   "running in_progress inprogress started building processing",
		Pending:   "pending queued requested waiting created scheduled manual preparing expected action_required blocked waiting_for_resource waiting_for_callback",
	} {
		for word := range strings.FieldsSeq(words) {
			table[word] = state
		}
	}
	return table
}()

// State returns the bus's word for what a program calls the state or result of a
// build, check, deployment or status, in any case; "" if it is none that is known.
func State(word string) string {
	return states[strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(word)))]
}
