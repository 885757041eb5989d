<?php

use dokuwiki\Extension\ActionPlugin;
use dokuwiki\Extension\Event;
use dokuwiki\Extension\EventHandler;
use Ircbus\Config;
use Ircbus\Publisher;

if (!class_exists(Publisher::class, false)) {
    require_once __DIR__ . '/ircbus/Publisher.php';
}

/** Publishes the wiki's changes on an ircbus. Pages and media that not everybody may read are left out, unless "private" is set. */
class action_plugin_ircbus extends ActionPlugin
{
    private const ACTIONS = [
        DOKU_CHANGE_TYPE_CREATE => 'SAVENEW',
        DOKU_CHANGE_TYPE_DELETE => 'SAVE/DELETE',
        DOKU_CHANGE_TYPE_REVERT => 'SAVE/REVERT',
    ];

    public function register(EventHandler $controller)
    {
        $controller->register_hook('COMMON_WIKIPAGE_SAVE', 'AFTER', $this, 'page');
        $controller->register_hook('PLUGIN_MOVE_PAGE_RENAME', 'AFTER', $this, 'moved');
        $controller->register_hook('PLUGIN_MOVE_MEDIA_RENAME', 'AFTER', $this, 'moved');
        $controller->register_hook('MEDIA_UPLOAD_FINISH', 'AFTER', $this, 'uploaded');
        $controller->register_hook('MEDIA_DELETE_FILE', 'AFTER', $this, 'deleted');
        $controller->register_hook('AUTH_USER_CHANGE', 'AFTER', $this, 'user');
        $controller->register_hook('INDEXER_TASKS_RUN', 'BEFORE', $this, 'resume');
    }

    /** A page was saved, created, deleted or reverted. */
    public function page(Event $event)
    {
        $data = $event->data;
        $this->tell($data['id'], fn () => [
            'page' => $data['id'],
            'action' => self::ACTIONS[$data['changeType']] ?? 'SAVE',
            'time' => $data['newRevision'],
            'comment' => $data['summary'],
            'rev' => $data['newRevision'],
            'oldrev' => $data['oldRevision'],
            'size' => $this->size($data),
            'oldsize' => $data['oldRevision'] ? $this->size($data) - $data['sizechange'] : '',
            'minor' => $data['changeType'] === DOKU_CHANGE_TYPE_MINOR_EDIT,
            'reverted_to' => $data['revertFrom'] ?: '',
            'url' => wl($data['id'], '', true, '&'),
            'diff' => $data['oldRevision'] ? wl($data['id'], [
                'do' => 'diff', 'rev2[0]' => $data['oldRevision'], 'rev2[1]' => $data['newRevision'],
            ], true, '&') : '',
            'history' => wl($data['id'], ['do' => 'revisions'], true, '&'),
        ]);
    }

    /** The move plugin has given a page or a file another name. */
    public function moved(Event $event)
    {
        $this->tell($event->data['dst_id'], fn (Config $config) => [
            'page' => $event->data['dst_id'],
            'action' => 'SAVE/RENAME',
            'old_name' => $this->mayTell($event->data['src_id'], $config) ? $event->data['src_id'] : '',
            'url' => $event->name === 'PLUGIN_MOVE_PAGE_RENAME' ? wl($event->data['dst_id'], '', true, '&') : ml($event->data['dst_id'], '', true, '&', true),
        ]);
    }

    /** A file was uploaded. */
    public function uploaded(Event $event)
    {
        $id = $event->data[2];
        if ($event->result !== $id) {
            return; // it was not
        }
        $this->tell($id, fn () => [
            'page' => $id,
            'action' => 'ATTNEW',
            'attach_name' => noNS($id),
            'size' => filesize($event->data[1]),
            'mime' => $event->data[3],
            'replaced' => (bool) $event->data[4],
            'url' => ml($id, '', true, '&', true),
        ]);
    }

    /** A file was deleted. */
    public function deleted(Event $event)
    {
        if (!$event->data['unl']) {
            return; // it was not
        }
        $id = $event->data['id'];
        $this->tell($id, fn () => [
            'page' => $id,
            'action' => 'ATTDEL',
            'attach_name' => noNS($id),
            'oldsize' => $event->data['size'],
        ]);
    }

    /** An account was made or removed. Nothing but its name is told. */
    public function user(Event $event)
    {
        ['type' => $type, 'params' => $params, 'modification_result' => $done] = $event->data;
        if (!$done || $type === 'modify') {
            return;
        }
        Publisher::tell($this->getConf('config'), fn () => array_map(fn ($name) => [
            'wiki' => $GLOBALS['conf']['title'],
            'action' => $type === 'create' ? 'user_created' : 'user_deleted',
            'user' => $name,
        ], $type === 'create' ? [$params[0]] : $params[0]));
    }

    /** A browser has a page and asks for an image that nobody sees: now nobody waits. */
    public function resume(Event $event)
    {
        Publisher::resume($this->getConf('config'));
    }

    private function tell(string $id, callable $fields)
    {
        Publisher::tell($this->getConf('config'), fn (Config $config) => $this->mayTell($id, $config) ? [
            'wiki' => $GLOBALS['conf']['title'],
            'user' => $GLOBALS['INPUT']->server->str('REMOTE_USER') ?: clientIP(true),
        ] + $fields($config) : null);
    }

    private function mayTell(string $id, Config $config): bool
    {
        global $auth, $AUTH_ACL, $conf;
        if ($config->private || $auth || !$conf['useacl']) {
            return $config->private || auth_aclcheck($id, '', []) >= AUTH_READ;
        }
        // On the command line nobody logs in, and what knows the ACL is not loaded.
        $before = [$auth, $AUTH_ACL];
        [$auth, $AUTH_ACL] = [plugin_load('auth', $conf['authtype']), auth_loadACL()];
        try {
            return auth_aclcheck($id, '', []) >= AUTH_READ;
        } finally {
            [$auth, $AUTH_ACL] = $before;
        }
    }

    private function size(array $data): int
    {
        return $data['changeType'] === DOKU_CHANGE_TYPE_DELETE ? 0 : strlen($data['newContent']);
    }
}
