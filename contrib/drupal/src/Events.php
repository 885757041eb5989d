<?php

namespace Drupal\ircbus;

use Drupal\comment\CommentInterface;
use Drupal\Core\Entity\EntityInterface;
use Drupal\Core\Entity\EntityPublishedInterface;
use Drupal\Core\Entity\RevisionableInterface;
use Drupal\Core\Entity\RevisionLogInterface;
use Drupal\Core\Session\AnonymousUserSession;
use Drupal\Core\Site\Settings;
use Drupal\file\Entity\File;
use Drupal\media\MediaInterface;
use Drupal\node\NodeInterface;
use Drupal\user\UserInterface;
use Ircbus\Config;

/**
 * Makes events of entities: nodes, comments, media and users.
 */
final class Events {

  /**
   * The file that says where the bus is.
   */
  public static function file(): string {
    return Settings::get('ircbus_config', '/etc/ircbus/drupal.ini');
  }

  /**
   * An entity is new, or is another than it was before.
   */
  public static function saved(EntityInterface $entity, ?EntityInterface $before, Config $config): ?array {
    if ($entity instanceof UserInterface) {
      return $before ? NULL : self::account($entity, 'user_created');
    }
    if ($entity instanceof RevisionableInterface && !$entity->isDefaultRevision()) {
      // A draft of something that stays as it is for now.
      return NULL;
    }
    $seen = self::seen($entity, $config);
    $wasSeen = $before && self::seen($before, $config);
    if (!$seen && !$wasSeen) {
      return NULL;
    }
    if (!$seen) {
      return self::gone($before);
    }
    return self::event($entity, $wasSeen ? $before : NULL);
  }

  /**
   * An entity is no longer there.
   */
  public static function deleted(EntityInterface $entity, Config $config): ?array {
    if ($entity instanceof UserInterface) {
      return self::account($entity, 'user_deleted');
    }
    return self::seen($entity, $config) ? self::gone($entity) : NULL;
  }

  /**
   * Whether the public sees the entity, and it is of a kind that is told.
   */
  private static function seen(EntityInterface $entity, Config $config): bool {
    $told = $entity instanceof NodeInterface || $entity instanceof CommentInterface || $entity instanceof MediaInterface;
    if (!$told || !$entity instanceof EntityPublishedInterface || !$entity->isPublished()) {
      return FALSE;
    }
    // What is known of the entity may be of its other state.
    \Drupal::entityTypeManager()->getAccessControlHandler($entity->getEntityTypeId())->resetCache();
    return $config->private || $entity->access('view', new AnonymousUserSession());
  }

  /**
   * The event of an entity that the public sees, and saw as $before.
   */
  private static function event(EntityInterface $entity, ?EntityInterface $before): array {
    $renamed = $before && !$entity instanceof CommentInterface && $before->label() !== $entity->label();
    $about = self::about($entity) + ['url' => self::url($entity)];
    if ($entity instanceof CommentInterface) {
      return [
        'action' => $before ? 'comment_changed' : 'comment',
        'user' => $before ? $about['user'] : $entity->getAuthorName(),
        'comment' => self::plain($entity->hasField('comment_body') ? (string) $entity->get('comment_body')->value : ''),
      ] + $about;
    }
    if ($entity instanceof MediaInterface) {
      return [
        'action' => 'ATTNEW',
        'attach_name' => $entity->label(),
        'replaced' => $before !== NULL,
      ] + $about;
    }
    return [
      'action' => $before === NULL ? 'SAVENEW' : ($renamed ? 'SAVE/RENAME' : 'SAVE'),
      'comment' => $entity instanceof RevisionLogInterface ? $entity->getRevisionLogMessage() : '',
      'rev' => $entity->getRevisionId(),
      'oldrev' => $before ? $before->getRevisionId() : '',
      'old_name' => $renamed ? $before->label() : '',
    ] + $about;
  }

  /**
   * The event of an entity that the public does not see any more.
   */
  private static function gone(EntityInterface $entity): array {
    if ($entity instanceof CommentInterface) {
      return ['action' => 'comment_deleted'] + self::about($entity);
    }
    if ($entity instanceof MediaInterface) {
      return ['action' => 'ATTDEL', 'attach_name' => $entity->label()] + self::about($entity);
    }
    return ['action' => 'SAVE/DELETE'] + self::about($entity);
  }

  /**
   * Nothing of an account but the name that others see is told.
   */
  private static function account(UserInterface $user, string $action): array {
    return ['wiki' => self::site(), 'action' => $action, 'user' => $user->getDisplayName()];
  }

  /**
   * The fields that every event of content has.
   */
  private static function about(EntityInterface $entity): array {
    $page = $entity instanceof CommentInterface ? $entity->getCommentedEntity() : $entity;
    return [
      'wiki' => self::site(),
      'page' => $page ? (string) $page->label() : '',
      'user' => (string) \Drupal::currentUser()->getDisplayName(),
      'type' => $entity->getEntityTypeId() === 'node' ? $entity->bundle() : $entity->getEntityTypeId(),
      $entity->getEntityTypeId() . '_id' => $entity->id(),
    ];
  }

  /**
   * The address of the entity's page; of media, that of the file.
   */
  private static function url(EntityInterface $entity): string {
    if ($entity instanceof MediaInterface) {
      $source = $entity->getSource()->getSourceFieldValue($entity);
      $file = is_numeric($source) ? File::load($source) : NULL;
      return $file ? $file->createFileUrl(FALSE) : (string) $source;
    }
    // As an object, since a text would add to what the page's cache depends on.
    return $entity->toUrl('canonical', ['absolute' => TRUE])->toString(TRUE)->getGeneratedUrl();
  }

  private static function site(): string {
    return (string) \Drupal::config('system.site')->get('name');
  }

  /**
   * Text without HTML, on one line.
   */
  private static function plain(string $html): string {
    return trim(preg_replace('/\s+/u', ' ', html_entity_decode(strip_tags($html), ENT_QUOTES | ENT_HTML5, 'UTF-8')));
  }

}
