<?php
declare(strict_types=1);

namespace Ircbus;

/** The file that says where the bus is; docs/doors/php.md lists its settings. */
final class Config
{
    /** The bus's address for events. */
    public string $url;

    public string $token;

    /** Whether the token may be sent to another machine without TLS. */
    public bool $insecurePlaintext = false;

    /** The directory where events wait. */
    public string $spool;

    /** The field "wiki" of every event; '' if the site's own name is to be it. */
    public string $wiki = '';

    /** Whether what only some may read is told, too. */
    public bool $private = false;

    /** How many events may wait. */
    public int $maxEvents = 10000;

    /** @throws \RuntimeException which says what is wrong with the file */
    public static function read(string $file): self
    {
        $text = @file_get_contents($file);
        if ($text === false) {
            throw new \RuntimeException("$file cannot be read: it must be there and belong to the group of the web server");
        }
        if (PHP_OS_FAMILY !== 'Windows' && (fileperms($file) & 0007) !== 0) {
            throw new \RuntimeException("$file has a token and can be read by everybody: chmod o= $file");
        }
        self::checkPlace($file);
        $settings = @parse_ini_string($text, false, INI_SCANNER_RAW);
        if ($settings === false) {
            throw new \RuntimeException("$file is no INI file: " . (error_get_last()['message'] ?? ''));
        }
        $allowed = ['url', 'token', 'spool', 'wiki', 'channel', 'private', 'max_events', 'insecure_plaintext'];
        foreach (array_diff(array_keys($settings), $allowed) as $name) {
            throw new \RuntimeException("$file has \"$name\"; there are " . implode(', ', $allowed));
        }
        return self::of($settings, $file);
    }

    /** @param array<string, string> $settings */
    private static function of(array $settings, string $file): self
    {
        foreach (['url', 'token', 'spool'] as $name) {
            if (($settings[$name] ?? '') === '') {
                throw new \RuntimeException("$file does not say \"$name\"");
            }
        }
        if (!preg_match('{^(https?)://(\[[0-9a-f:.]+\]|[^\s/?#@\\\\:\[\]]+)(:\d+)?(/[^\s?#]*)?$}i', $settings['url'])) {
            throw new \RuntimeException("$file: url is \"{$settings['url']}\", it must be like http://127.0.0.1:8667");
        }
        if (!preg_match('{^[\x21-\x7e]+$}', $settings['token'])) {
            throw new \RuntimeException("$file: token must be what \"ircbus account token\" printed");
        }
        $config = new self();
        $config->url = rtrim($settings['url'], '/') . '/events';
        if (($settings['channel'] ?? '') !== '') {
            $config->url .= '?channel=' . rawurlencode($settings['channel']);
        }
        $config->token = $settings['token'];
        $config->insecurePlaintext = filter_var($settings['insecure_plaintext'] ?? '', FILTER_VALIDATE_BOOLEAN);
        $config->spool = rtrim($settings['spool'], '/');
        self::checkPlace($config->spool);
        $config->wiki = $settings['wiki'] ?? '';
        $config->private = filter_var($settings['private'] ?? '', FILTER_VALIDATE_BOOLEAN);
        $config->maxEvents = max(1, (int) ($settings['max_events'] ?? $config->maxEvents));
        return $config;
    }

    /** @throws \RuntimeException if the web server may hand out the file or directory */
    private static function checkPlace(string $path): void
    {
        $root = rtrim((string) realpath(($_SERVER['DOCUMENT_ROOT'] ?? '') ?: '/'), '/');
        if ($root !== '' && strpos((realpath($path) ?: $path) . '/', "$root/") === 0) {
            throw new \RuntimeException("$path must not be in $root, from where the web server hands out files");
        }
    }
}
