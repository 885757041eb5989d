<?php

/*
 * What the listener and the cron task both need.
 */

if (!class_exists(\Ircbus\Publisher::class, false)) {
    require_once __DIR__ . '/ircbus/Publisher.php';
}
if (!defined('IRCBUS_CONFIG')) {
    define('IRCBUS_CONFIG', '/etc/ircbus/phpbb.ini');
}
