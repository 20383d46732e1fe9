"""Platform simulator: recorded samples, served with the paths, parameters, pages and errors of the real APIs.

    python -m local.simulator --port 8100        or, in a test:   with running() as simulator: ...

Addresses
    /youtube/v3     YouTube Data API v3: /channels /playlistItems /videos
    /x/2            X API v2: /users/by/username/{name} /users/{id}/tweets /usage/tweets
    /apify/v2       Apify API v2: /acts/{actor}/runs, /actor-runs/{id} and its /abort,
                    /key-value-stores/{id}/records/INPUT, /datasets/{id}/items,
                    /acts/{actor}, /users/me and its /limits
    /pictures       ?url=... the picture at this address of a platform: stripes
    /healthz        200 when ready
Every call needs a key, bearer or token. Any value works, except `wrong-key`.

Recorded accounts (in any case)
    youtube         GoogleDevelopers, C-SPAN (handle @CSPAN)
    twitter         wunpini_fm, NatComm, ICASECAC, TwitterDev
    instagram       nasa, humansofny and avengers (posts of their profile only)
    tiktok          fashion, nba, shaiie_foeva, loveluxury.com, nasaofficial (no videos)

Synthetic accounts, on all four platforms (any other name is missing)
    sim_videos_N      N posts (0..9999), varied from recorded ones: own ids, falling dates
    sim_private       private: YouTube 403 on its uploads, X protected, Instagram private, TikTok note
    sim_suspended     suspended: X says so, the others say not found
    sim_empty         no posts: YouTube 404 for its uploads (sim_videos_0: empty list), Instagram no_items, TikTok note
    sim_missing       not found
    sim_hidden        counts hidden: left out; Instagram likes -1
    sim_nulls         null in place of counts
    sim_other         the answer is another account's profile
    sim_loop          the last page's token leads to the first; an Apify dataset repeats itself and never ends
    sim_quota         the caller's quota is used up: YouTube 403, X 402, Apify 403
    sim_slow_S        each answer S seconds late
    sim_503xN sim_500xN     the first N requests fail; then an ordinary account of 3 posts
    sim_429xN               the same; Retry-After: 1, on X x-rate-limit-reset in 1 second
    sim_htmlxN              the same, with a gateway's HTML page and status 502
    sim_truncatedxN         the same, with status 200 and half of the JSON
Requests are counted per platform and account. On Apify only the request that starts a run is counted. sim_slow_S
delays the other requests, too.

Control
    POST   /control/faults    {"kind": "503", "platform": "youtube", "username": "nasa", "times": 2, "path": "/videos"}
                              kind: 503 500 429 html truncated quota slow private suspended empty missing hidden nulls
                              loop other, on Apify no-room; platform: youtube twitter instagram tiktok; the rest is
                              optional: seconds (slow), retry_after (429), status (html). A fault without these meets
                              every platform or account; without times it never ends. path limits it to calls whose
                              path contains this text; it then also meets Apify's follow-up calls
    DELETE /control/faults    remove all faults; the names above count from 0 again
    GET    /control/requests  the requests, keys masked; status is null while an answer is on its way
    DELETE /control/requests
    DELETE /control/runs      remove every Apify run
    POST   /control/day       {"day": 3, "since": "2026-11-30T19:00:00Z"}: so many days have passed since the recording
                              was begun; the recorded accounts have grown and posted (`today.py`). Day 0, the default,
                              serves exactly what was recorded
    GET    /control/day
    DELETE /control/day       day 0 again
"""

from local.simulator.server import Simulator, running

__all__ = ["Simulator", "running"]
