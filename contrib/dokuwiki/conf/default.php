<?php
// Where the bus is. The file holds a token: keep it where no browser reaches it. Not in the configuration manager, so
// that only who may edit conf/local.php chooses another one.
$conf['config'] = '/etc/ircbus/dokuwiki.ini';
