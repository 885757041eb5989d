<?php
/*
Plugin Name: ircbus
Plugin URI: https://github.com/ircbus/ircbus
Description: Publishes what the public sees change (posts, pages, media, comments) on an ircbus.
Version: 1.0
Requires at least: 5.7
Requires PHP: 7.4
Author: The ircbus project
*/

namespace Ircbus\WordPress;

use Ircbus\Publisher;

if (!defined('ABSPATH')) {
    exit;
}
if (!class_exists(Publisher::class, false)) {
    require_once __DIR__ . '/ircbus/Publisher.php';
}
if (!defined('IRCBUS_CONFIG')) {
    define('IRCBUS_CONFIG', '/etc/ircbus/wordpress.ini');
}

on('wp_after_insert_post', 'saved', 20); // after the revision is there
on('deleted_post', 'deleted');
on('add_attachment', 'uploaded');
on('delete_attachment', 'removed');
on('comment_post', 'commented');
on('transition_comment_status', 'moderated');
on('user_register', 'registered');
on('deleted_user', 'unregistered');

add_filter('cron_schedules', fn ($schedules) => $schedules + ['ircbus_minute' => ['interval' => 60, 'display' => 'ircbus']]);
add_action('ircbus_resume', fn () => Publisher::resume(IRCBUS_CONFIG));
add_action('init', function () {
    if (!wp_next_scheduled('ircbus_resume')) {
        wp_schedule_event(time() + 60, 'ircbus_minute', 'ircbus_resume');
    }
});
register_deactivation_hook(__FILE__, fn () => wp_clear_scheduled_hook('ircbus_resume'));

/** Publishes what a function of this file makes of an action, if it returns an event. */
function on($action, $function, $priority = 10)
{
    add_action($action, fn (...$args) => Publisher::tell(IRCBUS_CONFIG, fn () => (__NAMESPACE__ . '\\' . $function)(...$args)), $priority, 4);
}

/** A post was written, whatever its type and state. Told is what the public sees of it. */
function saved($id, $post, $update, $before)
{
    $seen = is_post_publicly_viewable($post);
    $was_seen = $before && is_post_publicly_viewable($before);
    if ($post->post_type === 'attachment' || (!$seen && !$was_seen)) {
        return null;
    }
    $renamed = $seen && $was_seen && $post->post_title !== $before->post_title;
    $revisions = array_values(wp_get_post_revisions($post, ['posts_per_page' => 2, 'fields' => 'ids']));
    return [
        'action' => !$seen ? 'SAVE/DELETE' : (!$was_seen ? 'SAVENEW' : ($renamed ? 'SAVE/RENAME' : 'SAVE')),
        'old_name' => $renamed ? plain($before->post_title) : '',
        'rev' => $seen ? $revisions[0] ?? '' : '',
        'oldrev' => $seen && $was_seen ? $revisions[1] ?? '' : '',
        'size' => $seen ? strlen($post->post_content) : 0,
        'oldsize' => $was_seen ? strlen($before->post_content) : '',
    ] + about($seen ? $post : $before);
}

/** A post is no longer there. One that was in the trash was told to be away when it came there. */
function deleted($id, $post)
{
    if ($post->post_type === 'attachment' || !is_post_publicly_viewable($post)) {
        return null;
    }
    return ['action' => 'SAVE/DELETE', 'size' => 0, 'oldsize' => strlen($post->post_content)] + about($post);
}

function uploaded($id)
{
    $file = get_attached_file($id);
    return [
        'action' => 'ATTNEW',
        'attach_name' => wp_basename($file),
        'size' => is_file($file) ? filesize($file) : '',
        'mime' => get_post_mime_type($id),
        'url' => wp_get_attachment_url($id),
    ] + about(get_post($id));
}

function removed($id)
{
    return ['action' => 'ATTDEL', 'attach_name' => wp_basename(get_attached_file($id)), 'url' => ''] + about(get_post($id));
}

/** Somebody has written a comment; 1 is approved. */
function commented($id, $approved)
{
    return $approved === 1 ? comment(get_comment($id), true) : null;
}

function moderated($new, $old, $comment)
{
    return $new === 'approved' || $old === 'approved' ? comment($comment, $new === 'approved') : null;
}

function comment($comment, $seen)
{
    $post = get_post($comment->comment_post_ID);
    if (!$post || !is_post_publicly_viewable($post) || $post->post_password !== '') {
        return null;
    }
    $about = ['comment_id' => $comment->comment_ID] + about($post);
    return $seen ? [
        'action' => 'comment',
        'user' => plain($comment->comment_author),
        'comment' => plain($comment->comment_content),
        'url' => get_comment_link($comment),
    ] + $about : ['action' => 'comment_deleted'] + $about;
}

/** Nothing of an account but the name that others see is told. */
function registered($id)
{
    return ['wiki' => site(), 'action' => 'user_created', 'user' => get_userdata($id)->display_name];
}

function unregistered($id, $reassign, $user)
{
    return ['wiki' => site(), 'action' => 'user_deleted', 'user' => $user->display_name];
}

/** The fields that every event of a post has. */
function about($post)
{
    return [
        'wiki' => site(),
        'page' => plain($post->post_title),
        'user' => wp_get_current_user()->display_name ?: get_the_author_meta('display_name', $post->post_author),
        'type' => $post->post_type,
        'post_id' => $post->ID,
        'url' => get_permalink($post),
    ];
}

function site()
{
    return plain(get_bloginfo('name'));
}

/** Text without HTML, on one line. */
function plain($text)
{
    return trim(preg_replace('/\s+/u', ' ', html_entity_decode(wp_strip_all_tags($text), ENT_QUOTES | ENT_HTML5, 'UTF-8')));
}
