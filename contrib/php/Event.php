<?php
declare(strict_types=1);

namespace Ircbus;

/** Makes an event of what a plugin tells. */
final class Event
{
    /** What is left of a longer value, in bytes. */
    private const MAX_VALUE = 2000;

    /**
     * The event as a line of JSON, with its key and its time. Fields that are empty are left out; "cut" names those that
     * are shortened.
     *
     * @param array<string, mixed> $fields "time" in Unix seconds, now if there is none
     */
    public static function line(array $fields, string $key): string
    {
        $event = $cut = [];
        foreach ($fields + ['time' => time()] as $name => $value) {
            $text = $name === 'time' ? gmdate('Y-m-d\TH:i:s\Z', (int) $value) : self::text($value);
            if (strlen($text) > self::MAX_VALUE) {
                $text = self::shortened($text);
                $cut[] = $name;
            }
            if ($text !== '') {
                $event[$name] = $text;
            }
        }
        if ($cut !== []) {
            $event['cut'] = implode(',', $cut);
        }
        return json_encode($event + ['key' => $key], JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
    }

    /**
     * The value as UTF-8, whatever it was.
     *
     * @param mixed $value
     */
    private static function text($value): string
    {
        $text = is_bool($value) ? ($value ? '1' : '') : (string) $value;
        return json_decode(json_encode($text, JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR));
    }

    /** Cuts between two characters. */
    private static function shortened(string $text): string
    {
        $end = self::MAX_VALUE - strlen('…');
        while ((ord($text[$end]) & 0xC0) === 0x80) {
            $end--;
        }
        return substr($text, 0, $end) . '…';
    }
}
