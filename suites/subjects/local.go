package subjects

import (
	"context"
	"os"
	"sync"

	"golang.org/x/crypto/bcrypt"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A function blocks when it waits for anything before it returns, says the
// guide's section "Blocking": network I/O, disk I/O, mutexes; and in fact every
// function blocks at least a little while it runs and uses the CPU, for which it
// gives password hashing (bcrypt) as the extreme example. The subjects below wait
// for these, once on the loop and once off it.

// Save writes data to a file and returns when the disk has it.
func Save(path string, data []byte) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(data); err != nil {
		return err
	}
	return file.Sync()
}

// SaveOffloaded does the same on another goroutine.
func SaveOffloaded(loop *fakeloop.Loop, path string, data []byte) *fakeloop.Future[struct{}] {
	return fakeloop.Offload(loop, "save", func(context.Context) (struct{}, error) {
		return struct{}{}, Save(path, data)
	})
}

// Counter is a number that goroutines share with the loop.
type Counter struct {
	Mu sync.Mutex
	N  int
}

// Add adds one. It waits for whoever has the lock.
func (c *Counter) Add() {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	c.N++
}

// Hash hashes a password. It waits for nothing, and is slow on purpose: cost says
// how slow, each step doubling the work.
func Hash(password string, cost int) error {
	_, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	return err
}

// HashOffloaded does the same on another goroutine.
func HashOffloaded(loop *fakeloop.Loop, password string, cost int) *fakeloop.Future[struct{}] {
	return fakeloop.Offload(loop, "hash", func(context.Context) (struct{}, error) {
		return struct{}{}, Hash(password, cost)
	})
}
