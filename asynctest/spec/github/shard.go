package github

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ShardVariable is the environment variable that tells a suite which part of its sweeps
// it is to do: "2/3" is the second of three. Nothing, or "1/1", is all of them.
const ShardVariable = "WINDTUNNEL_SHARD"

// shard is one of several, counted from 1.
type shard struct{ Number, Of int }

func (s shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Of) }

func (s shard) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s *shard) UnmarshalText(text []byte) (err error) {
	*s, err = parseShard(string(text))
	return err
}

// parseShard reads "2/3".
func parseShard(text string) (shard, error) {
	number, of, _ := strings.Cut(text, "/")
	n, err1 := strconv.Atoi(number)
	m, err2 := strconv.Atoi(of)
	if err1 != nil || err2 != nil || n < 1 || n > m {
		return shard{}, fmt.Errorf("github: shard %q: want a number and how many there are, such as 2/3", text)
	}
	return shard{n, m}, nil
}

// Part returns which part of its sweeps this process is to do, counted from 0, and how
// many parts there are: 0 and 1 without [ShardVariable]. The error is about its value.
func Part() (part, of int, err error) {
	text := os.Getenv(ShardVariable)
	if text == "" {
		return 0, 1, nil
	}
	s, err := parseShard(text)
	return s.Number - 1, s.Of, err
}

// plan is all that is to be run, and into how many shards that is cut.
type plan struct {
	Suites []string `json:"suites"` // directories relative to the workspace, with slashes
	Seeds  []int64  `json:"seeds"`
	Shards int      `json:"shards"`
}

// item is one suite under one seed, or a part of its sweeps.
type item struct {
	Suite string `json:"suite"`
	Seed  int64  `json:"seed"`
	Part  shard  `json:"part"`
}

// items returns what a shard does. Each run is done by one shard or, if there are more
// shards than runs, by several, of which each does a part of the sweeps.
func (p plan) items(number int) []item {
	var all []item
	for _, seed := range p.Seeds {
		for _, suite := range p.Suites {
			all = append(all, item{suite, seed, shard{1, 1}})
		}
	}
	var mine []item
	for i := range all {
		switch {
		case len(all) >= p.Shards && i%p.Shards == number-1:
			mine = append(mine, all[i])
		case len(all) < p.Shards && i == (number-1)%len(all):
			all[i].Part = shard{(number-1)/len(all) + 1, (p.Shards-i-1)/len(all) + 1}
			mine = append(mine, all[i])
		}
	}
	return mine
}
