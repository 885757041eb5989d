id=1&wiki=MoinMaster&page=פתיחה&action=SAVE&user=פלוני+אלמוני&time=2026-11-20T10:00:01.123456Z&comment=typo&rev=4
id=2&page=A%26B+<b>"x"</b>&action=SAVENEW&time=2026-11-20T10:00:02.123456Z&comment=two%0Alines%0D%0Aand%09tab,+with,+commas&minor=1&tag=a&tag=b&key=k1
id=3&page=Bell%07&action=ATTDEL&user=😀&time=2026-11-20T10:00:03.123456Z&comment=nul%00esc%1B]]>&x=￿&empty=
id=4&time=2026-01-02T03:04:05Z&text=A+ready+sentence&url=https://other.example/?a=1%26b=2&bot=1
