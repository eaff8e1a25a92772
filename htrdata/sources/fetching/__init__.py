"""Fetching data sets from where their authors publish them, into the folders that their readers read.

`imgur5k`, `unipen` and `dhsd` know what is published where and what each file hashes to; `session` fetches files and
keeps account of each in ``survival.csv``; `trying` obtains one file, or finds out why it cannot be had; `asking` puts
one question to a server, which it does not trust; `hosts` keeps to a pace that servers can bear; `survey` counts what
came.

Nothing has its final name before its bytes have hashed to what its authors published. Only https is spoken, and only
with the hosts that a data set names, wherever an answer leads to. What is there is not asked for again, whatever ended
the run before.

It needs the extra ``fetch`` (httpx2 and tenacity), which is imported when the first question is asked.
"""
