<?php
declare(strict_types=1);

/*
 * php flush.php FILE: sends the events that wait, for cron. FILE is the configuration that the plugin has. Ends with 0
 * when the bus has them all, with 1 if some still wait, with 2 if it was called wrongly.
 */

namespace Ircbus;

if (PHP_SAPI !== 'cli') {
    exit; // the file may lie where a browser reaches it
}
require_once __DIR__ . '/Publisher.php';

if ($argc !== 2) {
    fwrite(STDERR, "usage: php flush.php /etc/ircbus/NAME.ini\n");
    exit(2);
}
try {
    $publisher = new Publisher($argv[1]);
    $spool = $publisher->config->spool;
    if (is_dir($spool) && function_exists('posix_geteuid') && fileowner($spool) !== posix_geteuid()) {
        throw new \RuntimeException("$spool belongs to another user: run this as the web server's");
    }
    $reason = $publisher->sender->flush(50, true);
} catch (\RuntimeException $e) {
    fwrite(STDERR, 'ircbus: ' . $e->getMessage() . "\n");
    exit(2);
}
if ($reason !== '') {
    fwrite(STDERR, 'ircbus: ' . count($publisher->spool->waiting()) . " events wait: $reason\n");
    exit(1);
}
