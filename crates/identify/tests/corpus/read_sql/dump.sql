-- dump of Ann Reyes
CREATE TABLE `patients` (`id` int, `last_name` varchar(9), dob date);
INSERT INTO `patients` VALUES (1,'Re''yes','1962-03-04'),(2,'L\'ee',NULL);
INSERT INTO notes (body) VALUES (E'a\nb');
/* Lee */
