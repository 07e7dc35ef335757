"""`make pictures`: what members see of Mynah, as pictures under docs/images.

`stage` runs the real bot in the loopback Discord, `scenes` says what members do there, `message`
and its neighbours turn what the bot sent into HTML as Discord shows it, `browser` takes pictures.
"""
