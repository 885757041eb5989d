<?php

// As much of phpBB 3.3 as the extension asks for, and a board's day with it. The board has the forums 2, which guests
// read, and 3, which they do not, each with a topic of its number.

namespace Symfony\Component\EventDispatcher {
    interface EventSubscriberInterface {}
}

namespace phpbb\auth {
    final class auth
    {
        public function acl($user) {}
        public function acl_get($option, $forum) { return $option === 'f_read' && $forum === 2; }
    }
}

namespace phpbb\cron\task {
    abstract class base {}
}

namespace {
    define('IRCBUS_CONFIG', $argv[1]);
    define('TOPICS_TABLE', 'topics');
    define('FORUMS_TABLE', 'forums');
    define('USERS_TABLE', 'users');
    define('ANONYMOUS', 1);
    define('ITEM_APPROVED', 1);
    define('ITEM_DELETED', 2);

    function generate_board_url() { return 'http://board.example'; }

    final class Database
    {
        public function sql_in_set($column, $values) { return implode(',', $values); }
        public function sql_query($sql)
        {
            if (strpos($sql, 'users') !== false) {
                return new ArrayIterator([['user_id' => 1]]);
            }
            preg_match('/[\d,]+$/', $sql, $ids);
            return new ArrayIterator(array_map(fn ($id) => [
                'topic_id' => $id, 'topic_title' => "Topic &amp; $id", 'topic_visibility' => ITEM_APPROVED, 'topic_moved_id' => 0,
                'forum_id' => (int) $id, 'forum_name' => 'Forum', 'forum_password' => '',
            ], explode(',', $ids[0])));
        }
        public function sql_fetchrow($result) { $row = $result->current(); $result->next(); return $row ?? false; }
        public function sql_freeresult($result) {}
    }

    final class Formatter
    {
        public function clean_formatting($text) { return strip_tags($text); }
    }

    require $argv[2] . '/event/listener.php';
    require $argv[2] . '/cron/resume.php';
    $user = new stdClass();
    $user->data = ['username' => 'anna'];
    $listener = new ircbus\events\event\listener(new Database(), $user, ['sitename' => 'The &quot;board&quot;'], new Formatter());

    $post = ['topic_id' => 2, 'post_id' => 20, 'message' => '<t>text &lt;3</t>'];
    $on = function ($name, $event) use ($listener) { $listener->{$listener::getSubscribedEvents()["core.$name"]}($event); };
    $on('submit_post_end', ['mode' => 'post', 'username' => '', 'post_visibility' => ITEM_APPROVED, 'data' => $post]);
    $on('submit_post_end', ['mode' => 'post', 'username' => '', 'post_visibility' => 0, 'data' => $post]);
    $on('submit_post_end', ['mode' => 'reply', 'username' => 'Guest', 'post_visibility' => ITEM_APPROVED, 'data' => ['post_id' => 21] + $post]);
    $on('submit_post_end', ['mode' => 'edit', 'username' => 'bert', 'post_visibility' => ITEM_APPROVED,
        'data' => $post + ['topic_title' => 'Old', 'topic_first_post_id' => 20, 'post_edit_reason' => 'why']]);
    $on('submit_post_end', ['mode' => 'post', 'username' => '', 'post_visibility' => ITEM_APPROVED, 'data' => ['topic_id' => 3] + $post]);
    $on('delete_post_after', ['is_soft' => false, 'post_mode' => 'delete', 'post_id' => 21, 'topic_id' => 2, 'data' => ['post_visibility' => ITEM_APPROVED]]);
    $on('set_post_visibility_after', ['visibility' => ITEM_APPROVED, 'post_id' => [22, 23], 'topic_id' => 2, 'is_starter' => false]);
    $on('set_topic_visibility_after', ['visibility' => ITEM_DELETED, 'topic_id' => 2]);
    $on('delete_topics_before_query', ['topic_ids' => [2, 3]]);
    $on('move_topics_after', ['topic_ids' => [2]]);
    $on('user_add_after', ['user_row' => ['username' => 'carla']]);
    $on('delete_user_after', ['user_rows' => [7 => ['username' => 'carla']]]);
    if (!(new ircbus\events\cron\resume())->should_run()) {
        exit(1);
    }
}
