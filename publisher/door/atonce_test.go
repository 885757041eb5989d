package door

import "testing"

// TestCaseB7AtOnce: a door takes a small part of the files, whatever it would take.
func TestCaseB7AtOnce(t *testing.T) {
	if most := AtOnce(1 << 30); most > max(8, Files()/32) {
		t.Errorf("%d connections of %d files", most, Files())
	}
	if few := AtOnce(10); few > 10 || few < 8 {
		t.Errorf("%d connections, want at most 10", few)
	}
}
