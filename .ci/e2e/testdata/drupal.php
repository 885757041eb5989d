<?php

// As much of Drupal 10 as the module asks for, and some of a site's life with it.

namespace Drupal\Core\Entity {
    interface EntityInterface {}
    interface EntityPublishedInterface {}
    interface RevisionableInterface {}
    interface RevisionLogInterface {}
}

namespace Drupal\Core\Session {
    final class AnonymousUserSession {}
}

namespace Drupal\Core\Site {
    final class Settings
    {
        public static function get($name, $default) { return $GLOBALS['argv'][1]; }
    }
}

namespace Drupal\node {
    interface NodeInterface {}
}

namespace Drupal\comment {
    interface CommentInterface {}
}

namespace Drupal\media {
    interface MediaInterface {}
}

namespace Drupal\user {
    interface UserInterface {}
}

namespace {
    use Drupal\Core\Entity\{EntityInterface, EntityPublishedInterface, RevisionableInterface, RevisionLogInterface};

    /** Answers to everything with what it was given. */
    class Thing
    {
        public function __construct(public array $has = []) {}
        public function __call($name, $arguments) { return $this->has[$name] ?? null; }
    }

    abstract class Entity extends Thing implements EntityInterface, EntityPublishedInterface
    {
        public $original;
        public function isPublished() { return $this->has['published'] ?? true; }
        public function access($operation, $account) { return $this->has['public'] ?? true; }
        public function toUrl() { return new Thing(['toString' => new Thing(['getGeneratedUrl' => 'http://site.example/' . $this->has['id']])]); }
        public function with(array $has) { $new = new static($has + $this->has); $new->original = $this; return $new; }
    }
    final class Node extends Entity implements Drupal\node\NodeInterface, RevisionableInterface, RevisionLogInterface
    {
        public function isDefaultRevision() { return $this->has['default'] ?? true; }
    }
    final class Comment extends Entity implements Drupal\comment\CommentInterface {}
    final class Media extends Entity implements Drupal\media\MediaInterface {}
    final class Other extends Thing implements EntityInterface {}
    final class User extends Thing implements EntityInterface, Drupal\user\UserInterface {}
    final class Drupal
    {
        public static function config($name) { return new Thing(['get' => 'The site']); }
        public static function currentUser() { return new Thing(['getDisplayName' => 'anna']); }
        public static function entityTypeManager() { return new Thing(['getAccessControlHandler' => new Thing()]); }
    }

    require $argv[2] . '/ircbus.module';
    require $argv[2] . '/src/Events.php';

    $node = new Node(['id' => 1, 'getEntityTypeId' => 'node', 'bundle' => 'page', 'label' => 'One', 'getRevisionId' => 1, 'getRevisionLogMessage' => 'first']);
    ircbus_entity_insert($node);
    ircbus_entity_update($node->with(['getRevisionId' => 2, 'getRevisionLogMessage' => 'second']));
    ircbus_entity_update($node->with(['default' => false]));
    ircbus_entity_update($two = $node->with(['getRevisionId' => 3, 'label' => 'Two', 'getRevisionLogMessage' => '']));
    ircbus_entity_update($hidden = $two->with(['published' => false]));
    ircbus_entity_delete($hidden);
    ircbus_entity_insert(new Node(['id' => 2, 'public' => false, 'getEntityTypeId' => 'node']));
    ircbus_entity_insert(new Other(['id' => 3]));
    $comment = new Comment(['id' => 4, 'getEntityTypeId' => 'comment', 'getCommentedEntity' => $node, 'getAuthorName' => 'Bert', 'hasField' => true]);
    $comment->has['get'] = (object) ['value' => "<p>well &amp;\nsaid</p>"];
    ircbus_entity_insert($comment);
    ircbus_entity_delete($comment);
    $media = new Media(['id' => 5, 'getEntityTypeId' => 'media', 'label' => 'a.txt', 'getSource' => new Thing(['getSourceFieldValue' => 'http://site.example/a.txt'])]);
    ircbus_entity_insert($media);
    ircbus_entity_delete($media);
    $user = new User(['getDisplayName' => 'carla']);
    ircbus_entity_insert($user);
    ircbus_entity_update($user);
    ircbus_entity_delete($user);
    ircbus_cron();
}
