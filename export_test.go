package ircbus

// For tests from outside.
var (
	ParseFlat   = parseFlat
	ParseNested = parseNested
)
