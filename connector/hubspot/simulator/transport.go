package simulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
)

type inProcess struct{ h http.Handler }

// RoundTrip serves one request; an aborted connection is io.ErrUnexpectedEOF.
func (t inProcess) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if abort, _ := p.(error); !errors.Is(abort, http.ErrAbortHandler) {
				panic(p)
			}
			resp, err = nil, fmt.Errorf("read answer: %w", io.ErrUnexpectedEOF)
		}
	}()
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	t.h.ServeHTTP(w, in)
	if err := req.Context().Err(); err != nil {
		return nil, fmt.Errorf("wait for answer: %w", err)
	}
	resp = w.Result()
	resp.Request = req
	return resp, nil
}
