<?php
declare(strict_types=1);

namespace Ircbus;

/** Speaks with a bus (docs/protocol.md, "Publishing over HTTP"). */
final class Bus
{
    /** How much of an answer is read, in bytes. */
    private const MAX_ANSWER = 1 << 20;

    private string $url;
    private string $token;
    private bool $insecurePlaintext;

    /** @param string $url with the path */
    public function __construct(string $url, string $token, bool $insecurePlaintext = false)
    {
        $this->insecurePlaintext = $insecurePlaintext;
        $this->url = $url;
        $this->token = $token;
    }

    /**
     * Sends events, each a line of JSON, as one batch.
     *
     * @param string[] $lines
     * @param float $seconds how long it may take; without PHP's cURL each step of it
     * @return Answer what the bus says; it has all of them only if that is "stored"
     */
    public function post(array $lines, float $seconds): Answer
    {
        if (!$this->insecurePlaintext && !self::isSafe($this->url)) {
            return Answer::none("{$this->url} is another machine's: only https keeps the token secret on the way there");
        }
        $headers = ["Authorization: Bearer {$this->token}", 'Content-Type: application/x-ndjson'];
        $content = implode("\n", $lines) . "\n";
        return function_exists('curl_init')
            ? $this->byCurl($headers, $content, $seconds, count($lines))
            : $this->byStream($headers, $content, $seconds, count($lines));
    }

    /** @param string[] $headers */
    private function byCurl(array $headers, string $content, float $seconds, int $events): Answer
    {
        $body = '';
        $retryAfter = 0;
        $curl = curl_init($this->url);
        curl_setopt_array($curl, [
            CURLOPT_POSTFIELDS => $content,
            CURLOPT_HTTPHEADER => array_merge($headers, ['Expect:']),
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_FOLLOWLOCATION => false, // the token is for this bus alone
            CURLOPT_TIMEOUT_MS => max(1, (int) ($seconds * 1000)),
            CURLOPT_NOSIGNAL => true,
            CURLOPT_HEADERFUNCTION => function ($curl, string $header) use (&$retryAfter): int {
                $retryAfter = self::retryAfter($header) ?? $retryAfter;
                return strlen($header);
            },
            CURLOPT_WRITEFUNCTION => function ($curl, string $part) use (&$body): int {
                $body .= $part;
                return strlen($body) > self::MAX_ANSWER ? -1 : strlen($part);
            },
        ]);
        if (stripos($this->url, 'https:') !== 0) {
            curl_setopt($curl, CURLOPT_NOPROXY, '*'); // which could read the token
        }
        if (!curl_exec($curl)) {
            return Answer::none(curl_error($curl));
        }
        return Answer::of(curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $body, $retryAfter, $events);
    }

    /** @param string[] $headers */
    private function byStream(array $headers, string $content, float $seconds, int $events): Answer
    {
        $stream = @fopen($this->url, 'r', false, stream_context_create(['http' => [
            'method' => 'POST', 'header' => $headers, 'content' => $content,
            'timeout' => $seconds, 'ignore_errors' => true, 'follow_location' => 0,
        ]]));
        if ($stream === false) {
            return Answer::none(error_get_last()['message'] ?? 'no connection');
        }
        $status = $retryAfter = 0;
        foreach (stream_get_meta_data($stream)['wrapper_data'] as $header) {
            if (preg_match('{^HTTP/\S+ (\d+)}', $header, $match)) {
                $status = (int) $match[1];
            }
            $retryAfter = self::retryAfter($header) ?? $retryAfter;
        }
        $body = (string) stream_get_contents($stream, self::MAX_ANSWER);
        fclose($stream);
        return Answer::of($status, $body, $retryAfter, $events);
    }

    /** Whether the token stays secret on its way to an address: by TLS, or on this machine, whose names these always are. */
    private static function isSafe(string $url): bool
    {
        $parts = parse_url($url);
        $host = strtolower(rtrim(trim((string) ($parts['host'] ?? ''), '[]'), '.'));
        return strtolower((string) ($parts['scheme'] ?? '')) === 'https' || $host === 'localhost' || $host === '::1'
            || (filter_var($host, FILTER_VALIDATE_IP, FILTER_FLAG_IPV4) !== false && strpos($host, '127.') === 0);
    }

    private static function retryAfter(string $header): ?int
    {
        return preg_match('{^Retry-After:\s*(\d{1,6})\s*$}i', $header, $match) ? (int) $match[1] : null;
    }
}
