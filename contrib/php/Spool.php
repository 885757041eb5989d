<?php
declare(strict_types=1);

namespace Ircbus;

/**
 * A directory where events wait until the bus has them. Each is a file, written
 * whole before it has its name, that only its owner may read; whatever ends the
 * process, an event is here or it was never told. Files are taken away by whoever
 * holds the lock, one process at a time.
 */
final class Spool
{
    /** How many refused events are kept in refused/. */
    private const MAX_REFUSED = 1000;

    /** Seconds after which a file that has no name yet was left by a process that is gone. */
    private const ABANDONED = 3600;

    private string $dir;
    private int $limit;

    /** @param int $limit how many events may wait */
    public function __construct(string $dir, int $limit)
    {
        $this->dir = $dir;
        $this->limit = $limit;
    }

    /**
     * Puts an event, one line of JSON, on the disk.
     *
     * @throws \RuntimeException if it is full or cannot be written; the event is not in it then
     */
    public function add(string $name, string $line): void
    {
        if (!is_dir($this->dir) && !@mkdir($this->dir, 0700, true) && !is_dir($this->dir)) {
            throw new \RuntimeException("the spool {$this->dir} cannot be made: " . self::lastError());
        }
        $waiting = count($this->waiting(SCANDIR_SORT_NONE));
        if ($waiting >= $this->limit) {
            throw new \RuntimeException("the spool {$this->dir} is full: $waiting events wait, $this->limit are allowed");
        }
        self::write("{$this->dir}/$name.json", $line . "\n");
    }

    /** @return string[] the names of all that wait, oldest first unless their order does not matter */
    public function waiting(int $order = SCANDIR_SORT_ASCENDING): array
    {
        $names = [];
        foreach (is_dir($this->dir) ? scandir($this->dir, $order) ?: [] : [] as $file) {
            if (substr($file, -5) === '.json') {
                $names[] = substr($file, 0, -5);
            }
        }
        return $names;
    }

    /** The event without its line end, or null if it is no JSON object: its file was damaged. */
    public function read(string $name): ?string
    {
        $line = trim((string) @file_get_contents("{$this->dir}/$name.json"));
        return is_object(json_decode($line)) && strpos($line, "\n") === false ? $line : null;
    }

    public function remove(string $name): void
    {
        if (!@unlink("{$this->dir}/$name.json")) {
            throw new \RuntimeException("the spool {$this->dir} keeps $name, which the bus has: " . self::lastError());
        }
    }

    /** Puts an event where it is in nobody's way, with the reason beside it. Returns whether it was kept. */
    public function refuse(string $name, string $reason): bool
    {
        $refused = "{$this->dir}/refused";
        @mkdir($refused, 0700);
        if (count(scandir($refused) ?: []) >= 2 * self::MAX_REFUSED) {
            $this->remove($name);
            return false;
        }
        self::write("$refused/$name.reason", $reason . "\n");
        if (!@rename("{$this->dir}/$name.json", "$refused/$name.json")) {
            throw new \RuntimeException("$name cannot be moved to $refused: " . self::lastError());
        }
        return true;
    }

    /**
     * The right to send, held until the handle is closed.
     *
     * @return resource|null null if somebody else is sending
     */
    public function lock()
    {
        $lock = @fopen("{$this->dir}/lock", 'c');
        if ($lock === false) {
            throw new \RuntimeException("{$this->dir}/lock cannot be opened: " . self::lastError());
        }
        @chmod("{$this->dir}/lock", 0600);
        if (!flock($lock, LOCK_EX | LOCK_NB)) {
            fclose($lock);
            return null;
        }
        foreach (glob("{$this->dir}/*.tmp") ?: [] as $file) {
            if (filemtime($file) < time() - self::ABANDONED) {
                @unlink($file);
            }
        }
        return $lock;
    }

    /** @return array<string, mixed> what save() was given last */
    public function state(): array
    {
        $state = json_decode((string) @file_get_contents("{$this->dir}/state"), true);
        return is_array($state) ? $state : [];
    }

    /** @param array<string, mixed> $state only who holds the lock may change it */
    public function save(array $state): void
    {
        if ($state !== $this->state()) {
            self::write("{$this->dir}/state", (string) json_encode($state, JSON_INVALID_UTF8_SUBSTITUTE));
        }
    }

    /** Writes a whole file, on the disk before it has its name. */
    private static function write(string $file, string $content): void
    {
        $new = $file . '.' . bin2hex(random_bytes(4)) . '.tmp';
        $handle = @fopen($new, 'x');
        $written = $handle !== false && chmod($new, 0600) && fwrite($handle, $content) === strlen($content)
            && fflush($handle) && (!function_exists('fsync') || fsync($handle)) && fclose($handle);
        if (!$written || !@rename($new, $file)) {
            $error = self::lastError();
            @unlink($new);
            throw new \RuntimeException("$file cannot be written: $error");
        }
    }

    private static function lastError(): string
    {
        return error_get_last()['message'] ?? 'the disk is full';
    }
}
