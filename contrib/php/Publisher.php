<?php
declare(strict_types=1);

namespace Ircbus;

require_once __DIR__ . '/Config.php';
require_once __DIR__ . '/Event.php';
require_once __DIR__ . '/Spool.php';
require_once __DIR__ . '/Answer.php';
require_once __DIR__ . '/Bus.php';
require_once __DIR__ . '/Sender.php';

/**
 * Publishes events without making the page view wait: an event is on the disk when tell() returns, and sent when the
 * page has been answered. What the bus did not take waits for the next event, for the site's own timer, or for flush.php.
 */
final class Publisher
{
    /** Seconds for sending when somebody waits for the page, and when nobody does. */
    private const WHILE_WAITING = 0.8;
    private const AFTERWARDS = 10.0;

    /** @var array<string, self> those whose events are sent when the page has been answered, by their file */
    private static array $atEnd = [];

    public Config $config;
    public Spool $spool;
    public Sender $sender;

    /** @throws \RuntimeException which says what is wrong with the configuration's file */
    public function __construct(string $file)
    {
        $this->config = Config::read($file);
        $this->spool = new Spool($this->config->spool, $this->config->maxEvents);
        $this->sender = new Sender($this->spool, new Bus($this->config->url, $this->config->token, $this->config->insecurePlaintext));
    }

    /**
     * What plugins call: keeps the event that $make makes, or the list of events, and sends it later. Nothing that goes
     * wrong reaches the caller; the server's log has it then.
     *
     * @param callable(Config): ?array $make null if there is nothing to tell
     */
    public static function tell(string $file, callable $make): void
    {
        try {
            $publisher = self::$atEnd[$file] ?? new self($file);
            $made = $make($publisher->config) ?? [];
            if ($made === []) {
                return;
            }
            foreach (isset($made[0]) ? $made : [$made] as $fields) {
                $publisher->keep($fields);
            }
            if (self::$atEnd === []) {
                // Once more, so that it comes after what others have put there.
                register_shutdown_function(fn () => register_shutdown_function([self::class, 'sendAtEnd']));
            }
            self::$atEnd[$file] = $publisher;
        } catch (\Throwable $e) {
            self::log('an event is lost: ' . $e->getMessage());
        }
    }

    /** What a site's own timer calls: sends what waits, unless a try has failed a moment ago. */
    public static function resume(string $file): void
    {
        try {
            (new self($file))->sender->flush(self::WHILE_WAITING, false);
        } catch (\Throwable $e) {
            self::log($e->getMessage());
        }
    }

    /** Whether resume() would try to send something. */
    public static function due(string $file): bool
    {
        try {
            return (new self($file))->sender->due();
        } catch (\Throwable $e) {
            return false; // who asks does so with every page; the next event tells of it
        }
    }

    /** Sends what was told while the page was made. Only PHP calls it. */
    public static function sendAtEnd(): void
    {
        ignore_user_abort(true);
        if (session_status() === PHP_SESSION_ACTIVE) {
            session_write_close(); // or the user's next page waits for it
        }
        $seconds = PHP_SAPI === 'cli' ? self::AFTERWARDS : self::WHILE_WAITING;
        foreach (['fastcgi_finish_request', 'litespeed_finish_request'] as $finish) {
            if (function_exists($finish)) {
                $finish(); // if that has not been done already
                $seconds = self::AFTERWARDS;
            }
        }
        foreach (self::$atEnd as $publisher) {
            try {
                $publisher->sender->flush($seconds, false);
            } catch (\Throwable $e) {
                self::log($e->getMessage());
            }
        }
        self::$atEnd = [];
    }

    /**
     * Puts an event into the spool.
     *
     * @param array<string, mixed> $fields as for Event::line
     * @throws \RuntimeException if it cannot be kept
     */
    private function keep(array $fields): void
    {
        static $n = 0;
        // Its name, which is its key on the bus, too, is the order in which events are sent.
        $name = sprintf('%016d-%04d-%s', (int) (microtime(true) * 1e6), $n++ % 10000, bin2hex(random_bytes(6)));
        if ($this->config->wiki !== '') {
            $fields['wiki'] = $this->config->wiki;
        }
        $this->spool->add($name, Event::line($fields, $name));
    }

    /** Writes to PHP's error log, which is the web server's unless PHP is told otherwise. */
    public static function log(string $message): void
    {
        error_log('ircbus: ' . preg_replace('/[\x00-\x1f\x7f]+/', ' ', substr($message, 0, 1000)));
    }
}
