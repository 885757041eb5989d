<?php
declare(strict_types=1);

namespace Ircbus;

/** Sends what waits in a spool to a bus. An event leaves the spool when the bus has it on its disk, or will never take it. */
final class Sender
{
    /** How many events, and how many bytes of them, are sent at once. */
    private const MAX_BATCH = 100;
    private const MAX_BYTES = 512 * 1024;

    /** Seconds between tries while the bus is away: at first, and at most. */
    private const FIRST_PAUSE = 5;
    private const LONGEST_PAUSE = 300;

    private Spool $spool;
    private Bus $bus;

    /** @var array<string, mixed> of the tries that failed: "pause", "until", "reason"; empty after one that did not */
    private array $state = [];

    public function __construct(Spool $spool, Bus $bus)
    {
        $this->spool = $spool;
        $this->bus = $bus;
    }

    /** Whether something waits, and no try has failed a moment ago. */
    public function due(): bool
    {
        return time() >= ($this->spool->state()['until'] ?? 0) && $this->spool->waiting() !== [];
    }

    /**
     * Sends, oldest first, as long as there is time and nobody else does it.
     *
     * @param bool $now even if a try has failed a moment ago
     * @return string why something still waits, or ''
     * @throws \RuntimeException if the spool cannot be worked on
     */
    public function flush(float $seconds, bool $now): string
    {
        $until = microtime(true) + $seconds;
        do {
            if ($this->spool->waiting() === []) {
                return '';
            }
            $this->state = $this->spool->state();
            if (!$now && time() < ($this->state['until'] ?? 0)) {
                return (string) ($this->state['reason'] ?? '');
            }
            $lock = $this->spool->lock();
            if ($lock === null) {
                return 'another process is sending';
            }
            try {
                $reason = $this->send($until);
            } finally {
                fclose($lock);
            }
            // Who came in between saw the lock and has gone: look again.
        } while ($reason === '');
        return $reason;
    }

    /**
     * Sends batch after batch, by who holds the lock.
     *
     * @return string why it stopped before the end, or ''
     */
    private function send(float $until): string
    {
        $most = self::MAX_BATCH;
        while (($batch = $this->batch($most)) !== []) {
            $left = $until - microtime(true);
            if ($left <= 0) {
                return 'the time is over';
            }
            $names = array_keys($batch);
            $answer = $this->bus->post(array_values($batch), $left);
            $wrong = $names[count($batch) === 1 ? 0 : $answer->index ?? -1] ?? null;
            if ($answer->stored) {
                array_map([$this->spool, 'remove'], $names);
                $this->came();
                $most = self::MAX_BATCH;
            } elseif ($answer->refused && $wrong !== null) {
                $this->refuse($wrong, $answer->reason);
            } elseif ($answer->refused) {
                $most = 1; // which of them it is will be seen
            } else {
                $this->away($answer);
                return $answer->reason;
            }
        }
        return '';
    }

    /** @return array<string, string> the oldest events by their names */
    private function batch(int $most): array
    {
        $batch = [];
        $bytes = 0;
        foreach ($this->spool->waiting() as $name) {
            $line = $this->spool->read($name);
            if ($line === null) {
                $this->refuse($name, 'its file was damaged');
                continue;
            }
            $bytes += strlen($line) + 1;
            if (count($batch) === $most || ($batch !== [] && $bytes > self::MAX_BYTES)) {
                break;
            }
            $batch[$name] = $line;
        }
        return $batch;
    }

    private function refuse(string $name, string $reason): void
    {
        $kept = $this->spool->refuse($name, $reason);
        Publisher::log("the event $name is refused ($reason) and " . ($kept ? 'is kept in refused/ of the spool' : 'lost: too many are kept already'));
    }

    private function came(): void
    {
        if (isset($this->state['pause'])) {
            Publisher::log('the bus takes events again');
        }
        $this->state = [];
        $this->spool->save($this->state);
    }

    private function away(Answer $answer): void
    {
        if (!isset($this->state['pause'])) {
            Publisher::log("the bus does not take events, they wait: {$answer->reason}");
        }
        $pause = min(self::LONGEST_PAUSE, isset($this->state['pause']) ? 2 * $this->state['pause'] : self::FIRST_PAUSE);
        $until = time() + min(self::LONGEST_PAUSE, max($pause, $answer->retryAfter));
        $this->state = ['pause' => $pause, 'until' => $until, 'reason' => $answer->reason];
        $this->spool->save($this->state);
    }
}
