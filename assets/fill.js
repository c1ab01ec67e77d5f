/* An example fills its texts in at once, before the server hears of it: what is typed into them then stays. */
() => [/* values */]
