package storetest

import (
	"reflect"
	"testing"
	"time"
)

// nasty is text that adapters get wrong.
const nasty = "\x00 '\"`\\%_; -- </script> \r\n\t é 🦀 \u2028 \u202e $1 ? {}"

// fill sets everything that a pointer leads to, to values that are not zero and
// differ from each other, so that a field which a store forgets can't be missed,
// also one that is added later.
func fill(t *testing.T, pointer any) {
	t.Helper()
	count := 0
	fillValue(t, reflect.ValueOf(pointer).Elem(), &count)
}

func fillValue(t *testing.T, v reflect.Value, count *int) {
	t.Helper()
	*count++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(start.Add(time.Duration(*count) * time.Millisecond)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.Type().Name() + nasty + time.Duration(*count).String())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1<<40 + int64(*count)) // no float32 and no int32 on the way
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(t, v.Elem(), count)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fillValue(t, v.Index(i), count)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fillValue(t, key, count)
			fillValue(t, value, count)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fillValue(t, v.Field(i), count)
		}
	default:
		t.Fatalf("fill does not know what to put into a %s; teach it", v.Type())
	}
}
