<?php

namespace ircbus\events\cron;

use Ircbus\Publisher;

require_once __DIR__ . '/../publisher.php';

/** The board's timer: sends what still waits, in a request of its own for which no visitor waits. */
class resume extends \phpbb\cron\task\base
{
    public function should_run()
    {
        return Publisher::due(IRCBUS_CONFIG);
    }

    public function run()
    {
        Publisher::resume(IRCBUS_CONFIG);
    }
}
