package store

import "time"

// micros gives the column value of a time: microseconds since the epoch, nil (NULL) for the zero time.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// fromMicros is the inverse of micros; NULL is the zero time.
func fromMicros(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return time.UnixMicro(*us).UTC()
}

// sameMicros reports whether two times are one to the database.
func sameMicros(a, b time.Time) bool { return micros(a) == micros(b) }
