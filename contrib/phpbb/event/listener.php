<?php

namespace ircbus\events\event;

use Ircbus\Config;
use Ircbus\Publisher;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;

require_once __DIR__ . '/../publisher.php';

/** Publishes topics, posts and users on an ircbus. What guests cannot read is left out, unless "private" is set. */
class listener implements EventSubscriberInterface
{
    private $db;
    private $user;
    private $board;
    private $formatter;

    /** @var \phpbb\auth\auth|null what guests may do */
    private $guest;

    public function __construct($db, $user, $board, $formatter)
    {
        $this->db = $db;
        $this->user = $user;
        $this->board = $board;
        $this->formatter = $formatter;
    }

    public static function getSubscribedEvents()
    {
        return [
            'core.submit_post_end' => 'posted',
            'core.delete_post_after' => 'post_deleted',
            'core.set_post_visibility_after' => 'post_changed',
            'core.delete_topics_before_query' => 'topics_deleted',
            'core.set_topic_visibility_after' => 'topic_changed',
            'core.move_topics_after' => 'topics_moved',
            'core.user_add_after' => 'user_created',
            'core.delete_user_after' => 'users_deleted',
        ];
    }

    /** Somebody has written: a topic, a reply, or another text of one of these. */
    public function posted($event)
    {
        if ($event['post_visibility'] != ITEM_APPROVED) {
            return; // a moderator will see to it
        }
        $this->tell(fn (Config $config) => $this->about([$event['data']['topic_id']], $config, function ($topic) use ($event) {
            ['mode' => $mode, 'data' => $data] = $event;
            $old = self::plain($data['topic_title'] ?? '');
            $renamed = $mode === 'edit' && $data['post_id'] == ($data['topic_first_post_id'] ?? 0) && $old !== '' && $old !== $topic['page'];
            return [
                'action' => $mode === 'post' ? 'SAVENEW' : ($mode !== 'edit' ? 'comment' : ($renamed ? 'SAVE/RENAME' : 'SAVE')),
                'user' => $mode !== 'edit' && $event['username'] !== '' ? self::plain($event['username']) : $topic['user'],
                'comment' => $mode === 'edit' ? self::plain($data['post_edit_reason'] ?? '') : self::plain($this->formatter->clean_formatting($data['message'])),
                'old_name' => $renamed ? $old : '',
                'post_id' => $data['post_id'],
                'url' => $this->url('p', $data['post_id']) . "#p{$data['post_id']}",
            ] + $topic;
        }));
    }

    /** A post was removed for good; topics come to topics_deleted. */
    public function post_deleted($event)
    {
        if (!$event['is_soft'] && $event['post_mode'] !== 'delete_topic' && $event['data']['post_visibility'] == ITEM_APPROVED) {
            $this->tell_posts([$event['post_id']], $event['topic_id'], 'comment_deleted');
        }
    }

    /** Posts were approved, removed or restored; of whole topics topic_changed has it. */
    public function post_changed($event)
    {
        $action = [ITEM_APPROVED => 'comment', ITEM_DELETED => 'comment_deleted'][$event['visibility']] ?? '';
        if ($action !== '' && !$event['is_starter']) {
            $this->tell_posts((array) $event['post_id'], $event['topic_id'], $action);
        }
    }

    public function topics_deleted($event)
    {
        $this->tell(fn (Config $config) => $this->about($event['topic_ids'], $config, fn ($topic, $visible) => $visible ? ['action' => 'SAVE/DELETE'] + $topic : []));
    }

    /** A topic was approved, removed or restored. */
    public function topic_changed($event)
    {
        $action = [ITEM_APPROVED => 'SAVENEW', ITEM_DELETED => 'SAVE/DELETE'][$event['visibility']] ?? '';
        if ($action !== '') {
            $this->tell(fn (Config $config) => $this->about([$event['topic_id']], $config, fn ($topic) => ['action' => $action] + $topic));
        }
    }

    public function topics_moved($event)
    {
        $this->tell(fn (Config $config) => $this->about($event['topic_ids'], $config, fn ($topic, $visible) => $visible ? ['action' => 'move'] + $topic : []));
    }

    /** Nothing of an account but its name is told. */
    public function user_created($event)
    {
        $this->tell(fn () => ['wiki' => $this->site(), 'action' => 'user_created', 'user' => self::plain($event['user_row']['username'])]);
    }

    public function users_deleted($event)
    {
        $this->tell(fn () => array_map(
            fn ($row) => ['wiki' => $this->site(), 'action' => 'user_deleted', 'user' => self::plain($row['username'])],
            array_values($event['user_rows'])
        ));
    }

    private function tell(callable $make)
    {
        Publisher::tell(IRCBUS_CONFIG, $make);
    }

    private function tell_posts(array $posts, $topic_id, string $action)
    {
        $this->tell(function (Config $config) use ($posts, $topic_id, $action) {
            [$topic] = $this->about([$topic_id], $config, fn ($topic) => $topic) + [null];
            return $topic === null ? [] : array_map(fn ($id) => [
                'action' => $action,
                'post_id' => $id,
                'url' => $action === 'comment' ? $this->url('p', $id) . "#p$id" : $topic['url'],
            ] + $topic, array_values($posts));
        });
    }

    /**
     * What $make makes of the fields that every event of a topic has, and of whether the topic can be seen, for those
     * topics that may be told.
     */
    private function about(array $topic_ids, Config $config, callable $make): array
    {
        $events = [];
        $result = $this->db->sql_query('SELECT t.topic_id, t.topic_title, t.topic_visibility, t.topic_moved_id, f.forum_id, f.forum_name, f.forum_password
            FROM ' . TOPICS_TABLE . ' t, ' . FORUMS_TABLE . ' f
            WHERE f.forum_id = t.forum_id AND ' . $this->db->sql_in_set('t.topic_id', array_map('intval', $topic_ids)));
        while ($row = $this->db->sql_fetchrow($result)) {
            if ($row['topic_moved_id'] || !($config->private || $this->guests_read($row))) {
                continue; // only a pointer to where it is now, or nothing for everybody
            }
            $events[] = $make([
                'wiki' => $this->site(),
                'page' => self::plain($row['topic_title']),
                'user' => self::plain($this->user->data['username']),
                'forum' => self::plain($row['forum_name']),
                'topic_id' => $row['topic_id'],
                'url' => $this->url('t', $row['topic_id']),
            ], $row['topic_visibility'] == ITEM_APPROVED);
        }
        $this->db->sql_freeresult($result);
        return array_values(array_filter($events));
    }

    private function guests_read(array $forum): bool
    {
        if ($forum['forum_password'] !== '') {
            return false;
        }
        if ($this->guest === null) {
            $result = $this->db->sql_query('SELECT user_id, user_permissions, user_type FROM ' . USERS_TABLE . ' WHERE user_id = ' . ANONYMOUS);
            $anonymous = $this->db->sql_fetchrow($result);
            $this->db->sql_freeresult($result);
            $this->guest = new \phpbb\auth\auth();
            $this->guest->acl($anonymous);
        }
        return (bool) $this->guest->acl_get('f_read', $forum['forum_id']);
    }

    private function site(): string
    {
        return self::plain($this->board['sitename']);
    }

    private function url(string $parameter, $id): string
    {
        return generate_board_url() . "/viewtopic.php?$parameter=$id";
    }

    /** phpBB keeps text escaped for HTML. */
    private static function plain(string $text): string
    {
        return trim(preg_replace('/\s+/u', ' ', html_entity_decode($text, ENT_QUOTES | ENT_HTML5, 'UTF-8')));
    }
}
