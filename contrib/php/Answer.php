<?php
declare(strict_types=1);

namespace Ircbus;

/** What came of a batch. */
final class Answer
{
    /** The bus has every event on its disk. */
    public bool $stored = false;

    /** The bus will never take the batch as it is: something is wrong with an event in it. */
    public bool $refused = false;

    /** Which event that is, counted from 0, if the bus says it. */
    public ?int $index = null;

    /** Why, if it was not stored. */
    public string $reason = '';

    /** Seconds that the bus asks to be left alone, or 0. */
    public int $retryAfter = 0;

    /** Nothing was answered. */
    public static function none(string $why): self
    {
        $answer = new self();
        $answer->reason = "no answer: $why";
        return $answer;
    }

    /** @param int $events how many were sent; an answer that has another number of receipts is not the bus's */
    public static function of(int $status, string $body, int $retryAfter, int $events): self
    {
        $answer = new self();
        $answer->retryAfter = $retryAfter;
        $json = json_decode($body, true);
        $receipts = is_array($json) ? $json['events'] ?? null : null;
        $answer->stored = $status === 201 && is_array($receipts) && count($receipts) === $events;
        // What stands between may answer 400 and 413, too. Only of an event does the bus give a code.
        $answer->refused = ($status === 400 || $status === 413) && is_array($json) && isset($json['code']);
        $answer->index = is_int($json['index'] ?? null) ? $json['index'] : null;
        $detail = is_array($json) && is_string($json['detail'] ?? null) ? $json['detail'] : 'this is no answer of a bus';
        $answer->reason = $answer->stored ? '' : "status $status: $detail";
        return $answer;
    }
}
