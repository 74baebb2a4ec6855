package peers_test

import (
	"log/slog"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// ticker is an actor that handles one kind of message.
type ticker struct{ handler func() }

type tick struct{}

func (a ticker) Receive(c actor.Context) {
	if _, ours := c.Message().(tick); ours {
		a.handler()
	}
}

func receive(t *testing.T, handler func()) {
	quiet := actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })
	system := actor.NewActorSystem(quiet)
	defer system.Shutdown()
	pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return ticker{handler} }))
	system.Root.Send(pid, tick{})
	if err := system.Root.PoisonFuture(pid).Wait(); err != nil {
		t.Error(err)
	}
}
