package account

import "slices"

// AddChannels lets a publisher publish in more channels.
func (s *Store) AddChannels(name string, channels []string) error {
	return s.update(func(b *book) (*book, error) {
		return b.edited(name, func(r *record) error {
			more := otherChannels(r.name, append(slices.Clone(r.channels), channels...))
			if err := (Account{Name: r.name, Role: r.role, Channels: more}).check(); err != nil {
				return err
			}
			r.channels = more
			return nil
		})
	})
}
