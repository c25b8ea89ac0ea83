package workflows

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
)

// ErrPanic says that a step ended in a panic: a mistake of leadsync's own.
var ErrPanic = errors.New("leadsync made a mistake and stopped what it was doing; the log says where")

// Guard runs a step and turns a panic into ErrPanic, so that the runtime prints no goroutine with its arguments and the
// rest of the process goes on. The log says where it happened: the functions with their lines, and of the panic
// itself its kind alone, since its value can carry what the step was working on. What the runtime says about its
// own panics (an index, a nil pointer) has no values of ours and is told.
func Guard(log *slog.Logger, what string, step func() error) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			log.Error("panic", "in", what, "panic", panicOf(thrown), "at", strings.Join(callers(), " < "))
			err = fmt.Errorf("%s: %w", what, ErrPanic)
		}
	}()
	return step()
}

func panicOf(thrown any) string {
	if own, ok := errors.AsType[runtime.Error](asError(thrown)); ok {
		return own.Error()
	}
	return fmt.Sprintf("value of type %T", thrown)
}

func asError(thrown any) error {
	err, _ := thrown.(error)
	return err
}

// callers are the functions from the one that panicked outward.
func callers() []string {
	const deepest, own = 32, 4 // Callers, callers, the deferred function, and the runtime's own
	places := make([]uintptr, deepest)
	frames := runtime.CallersFrames(places[:runtime.Callers(own, places)])
	var out []string
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			file := frame.File[strings.LastIndexByte(frame.File, '/')+1:]
			out = append(out, fmt.Sprintf("%s (%s:%d)", frame.Function, file, frame.Line))
		}
		if !more {
			return out
		}
	}
}
