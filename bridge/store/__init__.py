"""The one owner of transactions: tables, migrations, units of work, and the engines that wake workers."""
