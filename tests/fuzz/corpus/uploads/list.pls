[playlist]
File1=/etc/passwd
NumberOfEntries=1
