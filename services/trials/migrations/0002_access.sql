-- A hold concerns its trial as a whole: each of its sites sees it.
INSERT INTO es.of_whole_trial VALUES ('hold');
