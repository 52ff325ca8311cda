package git

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// writeTree stores the trees that hold the entries, which are in the order of
// their paths, and returns the id of the outermost. Trees in stored are there
// already. An index's order is that of trees, too: a folder sorts as if its name
// ended in "/".
func (o *objects) writeTree(entries []entry, stored map[string]bool) (string, error) {
	id, rest, err := o.writeSubtree(entries, "", stored)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("path %q is out of order", rest[0].path)
	}
	return id, err
}

// writeSubtree takes the entries that begin with prefix, which is empty or ends
// in "/", and returns the others.
func (o *objects) writeSubtree(entries []entry, prefix string, stored map[string]bool) (string, []entry, error) {
	var tree bytes.Buffer
	for len(entries) > 0 && strings.HasPrefix(entries[0].path, prefix) {
		e := entries[0]
		name, _, isBelow := strings.Cut(e.path[len(prefix):], "/")
		if isBelow {
			id, rest, err := o.writeSubtree(entries, prefix+name+"/", stored)
			if err != nil {
				return "", nil, err
			}
			e.mode, e.id = modeTree, id
			entries = rest
		} else {
			entries = entries[1:]
		}
		raw, err := hex.DecodeString(e.id)
		if err != nil {
			return "", nil, fmt.Errorf("object id %q: %w", e.id, err)
		}
		fmt.Fprintf(&tree, "%o %s\x00", uint32(e.mode), name)
		tree.Write(raw)
	}
	id := o.name("tree", tree.Bytes())
	if stored[id] {
		return id, entries, nil
	}
	return id, entries, o.store(id, "tree", bytes.NewReader(tree.Bytes()), int64(tree.Len()))
}
