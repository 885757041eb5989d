package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// mount shows a disk at a directory, through FUSE. It needs /dev/fuse, and root or
// fusermount.
func mount(d *disk, at string) (unmount func() error, err error) {
	if err := os.MkdirAll(at, 0o700); err != nil {
		return nil, err
	}
	none := time.Duration(0)
	server, err := fs.Mount(at, &file{d: d, n: d.root}, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMount: os.Getuid() == 0, FsName: "ircbus-faults", MaxWrite: 128 << 10},
		AttrTimeout:  &none, EntryTimeout: &none,
		RootStableAttr: &fs.StableAttr{Ino: d.root.ino, Mode: syscall.S_IFDIR},
	})
	if err != nil {
		return nil, fmt.Errorf("power cuts cannot be simulated without FUSE (/dev/fuse, and root or fusermount): %w", err)
	}
	return server.Unmount, nil
}

// file is how FUSE sees a node; there may be several of one.
type file struct {
	fs.Inode
	d *disk
	n *node
}

var (
	_ fs.NodeGetattrer = (*file)(nil)
	_ fs.NodeSetattrer = (*file)(nil)
	_ fs.NodeLookuper  = (*file)(nil)
	_ fs.NodeReaddirer = (*file)(nil)
	_ fs.NodeCreater   = (*file)(nil)
	_ fs.NodeMkdirer   = (*file)(nil)
	_ fs.NodeOpener    = (*file)(nil)
	_ fs.NodeReader    = (*file)(nil)
	_ fs.NodeWriter    = (*file)(nil)
	_ fs.NodeFsyncer   = (*file)(nil)
	_ fs.NodeUnlinker  = (*file)(nil)
	_ fs.NodeRmdirer   = (*file)(nil)
	_ fs.NodeRenamer   = (*file)(nil)
	_ fs.NodeAllocater = (*file)(nil)
	_ fs.NodeStatfser  = (*file)(nil)
	_ fs.NodeFlusher   = (*file)(nil)
)

func (n *node) attr(out *fuse.Attr) {
	out.Ino, out.Mode, out.Size, out.Nlink = n.ino, n.mode|n.kind(), uint64(len(n.data)), 1
	out.Blocks, out.Blksize = (out.Size+511)/512, 4096
	out.Owner = fuse.Owner{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}
}

func (n *node) kind() uint32 {
	if n.dir {
		return syscall.S_IFDIR
	}
	return syscall.S_IFREG
}

func (f *file) child(ctx context.Context, n *node, out *fuse.EntryOut) *fs.Inode {
	n.attr(&out.Attr)
	return f.NewInode(ctx, &file{d: f.d, n: n}, fs.StableAttr{Ino: n.ino, Mode: n.kind()})
}

func (f *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return f.d.do(func() syscall.Errno {
		f.n.attr(&out.Attr)
		return 0
	})
}

func (f *file) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return f.d.do(func() syscall.Errno {
		if size, ok := in.GetSize(); ok {
			f.n.truncate(int64(size))
		}
		if mode, ok := in.GetMode(); ok {
			f.n.mode = mode & 0o7777
		}
		f.n.attr(&out.Attr)
		return 0
	})
}

func (f *file) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (inode *fs.Inode, errno syscall.Errno) {
	errno = f.d.do(func() syscall.Errno {
		n := f.n.entries[name]
		if n == nil {
			return syscall.ENOENT
		}
		inode = f.child(ctx, n, out)
		return 0
	})
	return inode, errno
}

func (f *file) Readdir(context.Context) (stream fs.DirStream, errno syscall.Errno) {
	var list []fuse.DirEntry
	errno = f.d.do(func() syscall.Errno {
		for name, n := range f.n.entries {
			list = append(list, fuse.DirEntry{Name: name, Ino: n.ino, Mode: n.kind()})
		}
		return 0
	})
	return fs.NewListDirStream(list), errno
}

func (f *file) make(ctx context.Context, name string, dir bool, mode uint32, out *fuse.EntryOut) (inode *fs.Inode, errno syscall.Errno) {
	errno = f.d.do(func() syscall.Errno {
		if f.n.entries[name] != nil {
			return syscall.EEXIST
		}
		n := f.d.newNode(name, dir, mode&0o7777)
		f.d.add(f.n, name, n)
		inode = f.child(ctx, n, out)
		return 0
	})
	return inode, errno
}

func (f *file) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return f.make(ctx, name, true, mode, out)
}

func (f *file) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	inode, errno := f.make(ctx, name, false, mode, out)
	return inode, nil, 0, errno
}

func (f *file) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, f.d.do(func() syscall.Errno {
		if flags&syscall.O_TRUNC != 0 {
			f.n.truncate(0)
		}
		return 0
	})
}

func (f *file) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n := 0
	errno := f.d.do(func() syscall.Errno {
		if off < int64(len(f.n.data)) {
			n = copy(dest, f.n.data[off:])
		}
		return 0
	})
	return fuse.ReadResultData(dest[:n]), errno
}

func (f *file) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	return uint32(len(data)), f.d.do(func() syscall.Errno {
		f.n.write(data, off)
		return 0
	})
}

func (f *file) Allocate(_ context.Context, _ fs.FileHandle, off, size uint64, mode uint32) syscall.Errno {
	return f.d.do(func() syscall.Errno {
		if end := int64(off + size); mode == 0 && end > int64(len(f.n.data)) {
			f.n.truncate(end)
		}
		return 0
	})
}

func (f *file) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return f.d.do(func() syscall.Errno {
		f.d.sync(f.n)
		return 0
	})
}

// Flush is close, which syncs nothing.
func (f *file) Flush(context.Context, fs.FileHandle) syscall.Errno { return 0 }

func (f *file) Unlink(_ context.Context, name string) syscall.Errno {
	return f.d.do(func() syscall.Errno {
		if f.n.entries[name] == nil {
			return syscall.ENOENT
		}
		f.d.remove(f.n, name)
		return 0
	})
}

func (f *file) Rmdir(_ context.Context, name string) syscall.Errno {
	return f.d.do(func() syscall.Errno {
		if n := f.n.entries[name]; n == nil {
			return syscall.ENOENT
		} else if len(n.entries) > 0 {
			return syscall.ENOTEMPTY
		}
		f.d.remove(f.n, name)
		return 0
	})
}

func (f *file) Rename(_ context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	return f.d.do(func() syscall.Errno {
		target := to.(*file).n
		switch {
		case f.n.entries[name] == nil:
			return syscall.ENOENT
		case flags == 1 && target.entries[newName] != nil: // RENAME_NOREPLACE
			return syscall.EEXIST
		case flags > 1:
			return syscall.EINVAL
		}
		f.d.move(f.n, name, target, newName)
		return 0
	})
}

func (f *file) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Frsize, out.NameLen = 4096, 4096, 255
	out.Blocks, out.Bfree, out.Bavail = 1<<20, 1<<20, 1<<20
	out.Files, out.Ffree = 1<<20, 1<<20
	return 0
}
