# Stands in for LuCI's luci.mk: an application of htdocs/, root/ and ucode/, as they are.
# Scripts are not minified, and there are no packages for translations.

LUCI_NAME?=$(notdir $(CURDIR))
PKG_NAME?=$(LUCI_NAME)
PKG_RELEASE?=1

include $(INCLUDE_DIR)/package.mk

define Package/$(PKG_NAME)
  SECTION:=luci
  CATEGORY:=LuCI
  SUBMENU:=3. Applications
  TITLE:=$(LUCI_TITLE)
  DEPENDS:=$(LUCI_DEPENDS)
  PKGARCH:=$(or $(LUCI_PKGARCH),all)
  $(if $(LUCI_MAINTAINER),MAINTAINER:=$(LUCI_MAINTAINER))
  $(if $(LUCI_URL),URL:=$(LUCI_URL))
endef

Package/$(PKG_NAME)/description=$(or $(LUCI_DESCRIPTION),$(LUCI_TITLE))

define Package/$(PKG_NAME)/postinst
[ -n "$${IPKG_INSTROOT}" ] || {
	rm -f /tmp/luci-indexcache.*
	rm -rf /tmp/luci-modulecache/
	/etc/init.d/rpcd reload 2>/dev/null
	exit 0
}
endef

define Package/$(PKG_NAME)/install
	if [ -d ./htdocs ]; then $(INSTALL_DIR) $(1)/www && $(CP) ./htdocs/. $(1)/www/; fi
	if [ -d ./root ]; then $(CP) ./root/. $(1)/; fi
	if [ -d ./ucode ]; then \
		$(INSTALL_DIR) $(1)/usr/share/ucode/luci && $(CP) ./ucode/. $(1)/usr/share/ucode/luci/; \
	fi
	chmod -R u=rwX,go=rX $(1)
endef

$(eval $(call BuildPackage,$(PKG_NAME)))
