"""History: what an account and its videos had, day by day, and how much they grew.

    trackedAccounts/{accountId}
      ├─ accountHistory/{2026-11}          days: {"30": {at, f, g, p, v, n, tv}}
      ├─ accountHistory/{2026}             weeks: {"48": {at, f, g, p, v, n, tv}}: what stays of days that are old
      ├─ videoHistory/{2026-11}, -2, -3 …  v: {videoId: {"30": [views, likes, comments, shares]}}
      └─ videoIndex/{1}, {2} …             v: {videoId: {h, t, m, w, s, x}}: what we remember of each video

A fetch writes one point for its UTC day: the last fetch of a day counts. What is unknown is null, and a day without a
fetch has no point. Nothing is interpolated. A document of videos holds VIDEOS_PER_PART of them, the same ones in the
history as in the index: 31 days of them have 550 kB, and a document may have 1 MiB.

    days      days, months and the names of documents
    past      reads what is known before a fetch
    growth    compares the fetch with the past
    points    the documents' writes
    thinning  which points stay when they are old
"""
