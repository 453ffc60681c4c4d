"""The read side: typed rows for pages, from indexed tables. Nothing here runs a process or writes a row."""
