"""Us and a peer, measured in the same run on the same machine, in CPU seconds. `make bench` runs all and writes
`benchmarks/results.json`."""
